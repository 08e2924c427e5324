// The place in the queue to which a released conversation returns.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentConversation } from '#protocol/entities.ts'
import { type StartedConversation, startTestApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

let lines = 0
const say = async (client: Client, conversationId: number) =>
  (await client.request('message:send', { conversationId, clientMessageId: `line-${++lines}`, content: 'a line' }))
    .message.createdAt

async function claimed(message?: string): Promise<StartedConversation & { queuedAt: string }> {
  const started = await app.startConversation(message === undefined ? {} : { message })
  const { agent, conversationId } = started
  const { conversation } = await agent.request('conversation:open', { conversationId })
  await agent.request('conversation:claim', { conversationId })
  return { ...started, queuedAt: (conversation as AgentConversation).queuedAt ?? '' }
}

async function release({ agent, conversationId }: StartedConversation): Promise<AgentConversation> {
  const { conversation } = await agent.request('conversation:release', { conversationId })
  expect(conversation).toMatchObject({ status: 'open', agent: null })
  return conversation as AgentConversation
}

/** A later time than all before it. */
const nextMillisecond = () => new Promise((resolve) => setTimeout(resolve, 2))

describe('a released conversation', () => {
  it('[TR3] [TR3a] returns to its place in the queue when no agent has written', async () => {
    const first = await claimed('hello')
    await say(first.customer, first.conversationId)
    const second = await app.startConversation({ message: 'hello' })
    expect((await release(first)).queuedAt).toBe(first.queuedAt)
    const { conversations } = await first.agent.request('conversation:list', { view: 'queue', limit: 100 })
    const order = conversations.map((one) => one.id)
    expect(order.indexOf(first.conversationId)).toBeLessThan(order.indexOf(second.conversationId))
  })

  it('[TR3a] keeps the place that its first message got when it started without one', async () => {
    const started = await app.startConversation()
    await nextMillisecond()
    const queuedAt = await say(started.customer, started.conversationId)
    await started.agent.request('conversation:claim', { conversationId: started.conversationId })
    expect((await release(started)).queuedAt).toBe(queuedAt)
  })

  it('[TR3a] waits since the oldest message that no agent has answered', async () => {
    const started = await claimed('hello')
    const { customer, agent, conversationId } = started
    await say(agent, conversationId)
    await say(customer, conversationId)
    await say(agent, conversationId)
    await nextMillisecond()
    const unanswered = await say(customer, conversationId)
    await nextMillisecond()
    await say(customer, conversationId)
    expect((await release(started)).queuedAt).toBe(unanswered)
    // Again, by somebody else, in between a transfer.
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    await admin.request('conversation:claim', { conversationId })
    await admin.request('conversation:transfer', { conversationId, agentId: started.agentAccount.id })
    expect((await release(started)).queuedAt).toBe(unanswered)
  })

  it('[TR3b] waits since the release when an agent has answered everything', async () => {
    const started = await claimed('hello')
    await say(started.agent, started.conversationId)
    await nextMillisecond()
    const { queuedAt, updatedAt } = await release(started)
    expect(queuedAt).toBe(updatedAt)
  })

  it('[TR3b] waits since the start when nobody has written', async () => {
    const started = await app.startConversation()
    const { agent, conversationId } = started
    await agent.request('conversation:claim', { conversationId })
    await nextMillisecond()
    const { queuedAt, createdAt } = await release(started)
    expect(queuedAt).toBe(createdAt)
  })

  it('[TR3a] [TR3b] forgets what was before it was reopened', async () => {
    const started = await claimed('hello')
    const { agent, customer, conversationId } = started
    await say(agent, conversationId)
    await say(customer, conversationId)
    await agent.request('conversation:close', { conversationId })
    await nextMillisecond()
    const reopened = await agent.request('conversation:reopen', { conversationId })
    await nextMillisecond()
    expect((await release(started)).queuedAt).toBe(reopened.conversation.updatedAt)
    await agent.request('conversation:claim', { conversationId })
    await agent.request('conversation:close', { conversationId })
    // A message that reopens is the first of what follows.
    const again = await say(customer, conversationId)
    await nextMillisecond()
    await say(customer, conversationId)
    expect((await agent.request('conversation:open', { conversationId })).conversation.status).toBe('pending')
    expect((await release(started)).queuedAt).toBe(again)
  })

  it('[TR3c] [CE4] keeps the place when a message releases it from an absent agent', async () => {
    const started = await claimed('hello')
    const { agent, agentAccount, customer, conversationId } = started
    await say(agent, conversationId)
    const unanswered = await say(customer, conversationId)
    await app.setAgentLastSeen(agentAccount.id, 5 * 60_000 + 1000)
    // Another cause for the locked append: the cached state still has the agent online.
    await agent.request('message:mark-read', { conversationId, seq: 3 })
    await app.db
      .updateTable('conversations')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', conversationId)
      .execute()
    await nextMillisecond()
    await say(customer, conversationId)
    const { conversation } = await agent.next('conversation:updated', ({ change }) => change === 'released')
    expect(conversation).toMatchObject({ status: 'open', agent: null, queuedAt: unanswered })
  })

  it('[TR3c] [CE4] waits since the message that releases it when everything before was answered', async () => {
    const started = await claimed('hello')
    const { agent, agentAccount, customer, conversationId } = started
    await say(agent, conversationId)
    await app.setAgentLastSeen(agentAccount.id, 5 * 60_000 + 1000)
    await app.db
      .updateTable('conversations')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', '=', conversationId)
      .execute()
    await nextMillisecond()
    const queuedAt = await say(customer, conversationId)
    const { conversation } = await agent.next('conversation:updated', ({ change }) => change === 'released')
    expect(conversation).toMatchObject({ status: 'open', agent: null, queuedAt })
  })
})
