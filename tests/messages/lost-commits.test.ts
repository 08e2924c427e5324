// A database that lost commits, as a failover to a replica that was behind does. What it lost is lost, but nothing
// stays broken.

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

let number = 0
const line = (conversationId: number, content = 'hello') => ({
  conversationId,
  clientMessageId: `m${++number}`,
  content,
})

async function inProgress(): Promise<StartedConversation> {
  const started = await app.startConversation()
  const { conversationId, customer, agent } = started
  await agent.request('conversation:claim', { conversationId })
  for (const client of [customer, agent, customer]) await client.request('message:send', line(conversationId))
  return started
}

const row = (conversationId: number) =>
  app.db
    .selectFrom('conversations')
    .select(['last_seq', 'version', 'customer_unread', 'agent_unread'])
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()

it('[DB39] [MS3] O1 a message follows the stored ones although the cached version fits again', async () => {
  const { conversationId, customer } = await inProgress()
  const before = await row(conversationId)
  // Two messages are lost. Two receipts have brought the version to where it was.
  await sql`delete from messages where conversation_id = ${conversationId} and seq > 1`.execute(app.db)
  await sql`update conversations set last_seq = 1 where id = ${conversationId}`.execute(app.db)
  const seqs = []
  for (const content of ['one', 'two', 'three']) {
    seqs.push((await customer.request('message:send', line(conversationId, content))).message.seq)
  }
  expect(seqs).toEqual([2, 3, 4])
  expect(await row(conversationId)).toMatchObject({ last_seq: 4, version: before.version + 3 })
  expect((await app.storedMessages(conversationId)).map(({ seq, content }) => [seq, content])).toEqual([
    [1, 'hello'],
    [2, 'one'],
    [3, 'two'],
    [4, 'three'],
  ])
})

it('[DB61] [MS3] O1 a conversation that is behind its messages is corrected by the next one, and others of the batch are written', async () => {
  const [broken, other] = [await inProgress(), await inProgress()]
  const { conversationId, customer, agent } = broken
  const before = await row(conversationId)
  await sql`update conversations set last_seq = 1, version = 2, agent_unread = 0, customer_unread = 0
    where id = ${conversationId}`.execute(app.db)
  const replies = await Promise.all([
    agent.request('message:send', line(conversationId)),
    other.customer.request('message:send', line(other.conversationId)),
    agent.request('message:send', line(conversationId)),
  ])
  expect(replies.map(({ message }) => message.seq)).toEqual([4, 4, 5])
  expect(await row(conversationId)).toEqual({
    ...before,
    last_seq: 5,
    version: before.version + 2,
    customer_unread: before.customer_unread + 2,
  })
  expect(await row(other.conversationId)).toMatchObject({ last_seq: 4 })
  const again = await customer.request('message:send', line(conversationId))
  expect(again.message.seq).toBe(6)
  const versions = (await app.storedMessages(conversationId)).map(({ version }) => version)
  expect(new Set(versions).size).toBe(6)
})

it('[CN19] [DB63] O1 every node begins the same new epoch when rows are older than what was published', async () => {
  const elsewhere = await startTestApp({ restartOf: app })
  try {
    const { conversationId, customer, agent, customerAccount } = await inProgress()
    await customer.request('conversation:open', { conversationId })
    const there = await elsewhere.connect(customerAccount)
    const { epoch } = await agent.next('epoch:changed')
    expect(await there.next('epoch:changed')).toEqual({ epoch })
    const isOf = (id: number, lastSeq: number) => id === conversationId && lastSeq === 3
    await agent.next('conversation:updated', ({ conversation }) => isOf(conversation.id, conversation.lastSeq))
    await sql`delete from messages where conversation_id = ${conversationId} and seq > 1`.execute(app.db)
    await sql`update conversations set last_seq = 1, version = 2 where id = ${conversationId}`.execute(app.db)
    const changed = await agent.next('epoch:changed')
    expect(changed.epoch).not.toBe(epoch)
    expect(await there.next('epoch:changed')).toEqual(changed)
    const late = await customerAccount.connect()
    expect(await late.next('epoch:changed')).toEqual(changed)
    // The list row, which has a lower version than before, is published again.
    await customer.request('message:send', line(conversationId))
    await agent.next(
      'conversation:updated',
      ({ conversation }) => conversation.id === conversationId && conversation.lastSeq === 2,
    )
  } finally {
    await elsewhere.stop()
  }
})
