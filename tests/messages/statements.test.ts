import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loopback, type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/**
 * The statements of the work on conversations and messages in order, each round trip by verb and first table. Lists
 * and a lone commit are left out.
 */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  return (await recordRoundTrips(work))
    .filter((packet) => packet !== 'commit' && !isOfLists(packet))
    .flatMap((packet) => packet.split(';').flatMap(inShort).join('; ') || [])
}

function inShort(sql: string): string | [] {
  if (sql === 'commit') return sql
  const [, verb, rest = ''] = /^\s*(?:\/\*.*\*\/ )?(select|insert into|update|delete)\b(.*)/is.exec(sql) ?? []
  const table = /(?:from\s+)?`?\b(conversations|messages)\b/i.exec(
    verb === 'select' ? rest.slice(rest.search(/\bfrom `?(conversations|messages)/)) : rest,
  )?.[1]
  return verb && table ? `${verb} ${table}${/for update\s*$/.test(sql) ? ' for update' : ''}` : []
}

/** The record with all names, its newest message, heads, and recent changes. */
const isOfLists = (sql: string) =>
  /join `sites`|`messages`\.`seq` = |`conversation_id`, `seq`\) in|as `lastSeq`, `version` from|`changed_at` >= /.test(
    sql,
  )

const oneBatch = ['select conversations for update', 'insert into messages', 'update conversations; commit']

describe('the statements of a hot path', () => {
  const send = ({ customer, conversationId }: StartedConversation, clientMessageId: string) =>
    customer.request('message:send', { conversationId, clientMessageId, content: 'hello' })

  it('are three in three round trips for a message, and one more for a retried one', async () => {
    const started = await app.startConversation()
    expect(await statementsOf(() => send(started, 'm0'))).toEqual(oneBatch)
    expect(await statementsOf(() => send(started, 'm0'))).toEqual([
      'select conversations for update',
      'insert into messages',
      'select messages',
    ])
  })

  it('are those of two batches for fifty messages of many conversations: the first leave immediately, the others together', async () => {
    const conversations = await Promise.all(Array.from({ length: 10 }, () => app.startConversation()))
    const sends = Array.from({ length: 50 }, (_, index) => {
      const { conversationId, customerAccount } = conversations[index % 10] as StartedConversation
      const actor = {
        userId: customerAccount.id,
        role: 'customer',
        name: '',
        sessionId: 0,
        address: loopback,
        siteId: 0,
      } as const
      return { actor, conversationId, clientMessageId: `b${index}`, type: 'text', content: 'hello' } as const
    })
    const sendAll = () => Promise.all(sends.map((one) => app.messageWriter.append(one)))
    expect(await statementsOf(sendAll)).toEqual([...oneBatch, ...oneBatch])
  })

  it('are three for a receipt in two round trips, and one more of each when messages stay unread', async () => {
    const started = await app.startConversation()
    const { agent, conversationId } = started
    await agent.request('conversation:claim', { conversationId })
    for (const id of ['m0', 'm1', 'm2']) await send(started, id)
    const read = (seq: number) => () => agent.request('message:mark-read', { conversationId, seq })
    const receipt = ['select conversations for update', 'update messages; update conversations; commit']
    expect(await statementsOf(read(1))).toEqual([
      'select conversations for update',
      'update messages; select messages',
      'update conversations; commit',
    ])
    expect(await statementsOf(read(3))).toEqual(receipt)
    expect(await statementsOf(read(3))).toEqual(receipt.slice(0, 1))
  })

  it('are three plus one per conversation for twenty receipts, in two round trips', async () => {
    const conversations = await Promise.all(Array.from({ length: 10 }, () => app.startConversation()))
    const readers = await Promise.all(
      conversations.map(async ({ conversationId, agent, agentAccount, customer, customerAccount }) => {
        await agent.request('conversation:claim', { conversationId })
        for (const side of [customer, agent]) {
          await side.request('message:send', { conversationId, clientMessageId: 'hello', content: 'hello' })
        }
        return [agentAccount, customerAccount].map(({ id }) => ({ conversationId, id }))
      }),
    )
    const reads = readers.flatMap(([agent, customer]) => [
      {
        actor: {
          userId: agent?.id ?? 0,
          role: 'agent',
          name: '',
          sessionId: 0,
          address: loopback,
          username: '',
        } as const,
        ...agent,
      },
      {
        actor: {
          userId: customer?.id ?? 0,
          role: 'customer',
          name: '',
          sessionId: 0,
          address: loopback,
          siteId: 0,
        } as const,
        ...customer,
      },
    ])
    const mark = ({ actor, conversationId = 0 }: (typeof reads)[number]) =>
      app.receiptWriter.mark({ actor, conversationId, seq: 2 })
    expect(await statementsOf(() => Promise.all(reads.map(mark)))).toEqual([
      'select conversations for update',
      [...Array(20).fill('update messages'), 'update conversations', 'commit'].join('; '),
    ])
  })
})
