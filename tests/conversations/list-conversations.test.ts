import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function walk(agent: Client, view: ConversationView, limit: number) {
  const ids: number[] = []
  let cursor: string | undefined
  do {
    const page = await agent.request('conversation:list', { view, limit, ...(cursor ? { cursor } : {}) })
    expect(page.conversations.length).toBeLessThanOrEqual(limit)
    ids.push(...page.conversations.map((conversation) => conversation.id))
    cursor = page.nextCursor ?? undefined
  } while (cursor)
  return ids
}

describe('conversation:list and conversation:count', () => {
  it('[CV7] [CV8] sorts each view and pages through it to the end', async () => {
    const agent = await (await app.newAgent()).connect()
    const ids: number[] = []
    for (let index = 0; index < 9; index++)
      ids.push((await app.startConversation({ agent, message: 'hello' })).conversationId)
    const [a, b, c, d, e, f, ...waiting] = ids as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    for (const conversationId of [a, b, c, d, e, f]) await agent.request('conversation:claim', { conversationId })
    for (const conversationId of [e, f]) await agent.request('conversation:close', { conversationId })
    // Within a second of its claim, a message does not change the order [MS8].
    const earlier = sql<Date>`date_sub(updated_at, interval 1 minute)`
    await app.db.updateTable('conversations').set({ updated_at: earlier }).where('id', 'in', ids).execute()
    await agent.request('message:send', { conversationId: b, clientMessageId: '1', content: 'newest' })
    expect(await walk(agent, 'queue', 2)).toEqual(waiting)
    expect(await walk(agent, 'mine', 3)).toEqual([b, d, c, a])
    expect(await walk(agent, 'all', 2)).toEqual([b, d, c, a, ...[...waiting].reverse()])
    expect(await walk(agent, 'closed', 1)).toEqual([f, e])
    expect(await agent.request('conversation:count', {})).toEqual({ queue: 3, mine: 4, all: 7, closed: 2, unread: 4 })
    for (const notOurs of ['not-ours', '-271821-04-20T00:00:00.000Z 1', '+275760-09-13T00:00:00.000Z 1', '0 1']) {
      const cursor = Buffer.from(notOurs).toString('base64url')
      expect(await agent.refused('conversation:list', { view: 'all', cursor })).toBe('invalid_request')
    }
  })

  it("[CV7] returns only a customer's own, whatever view is requested", async () => {
    const { customer, conversationId } = await app.startConversation()
    await app.startConversation()
    for (const view of ['queue', 'mine', 'all', 'closed'] as const) {
      const { conversations } = await customer.request('conversation:list', { view })
      expect(conversations.map((one) => one.id)).toEqual([conversationId])
    }
    expect(await customer.refused('conversation:count', {})).toBe('forbidden')
  })

  it('[CV9] [T36] stops counting at a thousand', async () => {
    const { agent, customerAccount } = await app.startConversation()
    await app.fillQueue(customerAccount.id, 1005)
    expect(await agent.request('conversation:count', {})).toMatchObject({ queue: 1000, all: 1000 })
  })

  it('[CV10] [T23] returns only the listed fields to a customer', async () => {
    const { customer, agent, conversationId } = await app.startConversation({ email: 'someone@example.com' })
    await agent.request('conversation:claim', { conversationId })
    const seen = (await customer.request('conversation:open', { conversationId })).conversation
    expect(Object.keys(seen.customer).sort()).toEqual(['id', 'name'])
    expect(Object.keys(seen.agent ?? {}).sort()).toEqual(['id', 'name'])
    expect(seen).not.toHaveProperty('site')
    expect(seen).not.toHaveProperty('page')
    const update = await customer.next('conversation:updated', ({ change }) => change === 'claimed')
    expect(Object.keys(update.conversation).sort()).toEqual(Object.keys(seen).sort())
    const agentSees = (await agent.request('conversation:open', { conversationId })).conversation as AgentConversation
    expect(agentSees.customer.email).toBe('someone@example.com')
  })
})
