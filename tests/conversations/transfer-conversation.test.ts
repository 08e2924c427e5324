import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('conversation:transfer and conversation:release', () => {
  it('[TR1] [TR2] assigns it to a colleague, who alone continues', async () => {
    const { conversationId, agent, customer } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const colleague = await app.newAgent()
    const there = await colleague.connect()
    const { conversation } = await agent.request('conversation:transfer', { conversationId, agentId: colleague.id })
    expect(conversation).toMatchObject({ status: 'pending', agent: { id: colleague.id } })
    expect(
      (await customer.next('conversation:updated', ({ change }) => change === 'transferred')).conversation.agent?.id,
    ).toBe(colleague.id)
    const line = { conversationId, clientMessageId: 'a', content: 'hello' }
    expect(await agent.refused('message:send', line)).toBe('forbidden')
    await there.request('message:send', line)
  })

  it('[TR1] rejects an agent who is not assigned, also in the queue, and allows an admin', async () => {
    const { conversationId, agent } = await app.startConversation()
    const colleague = await app.newAgent()
    const other = await colleague.connect()
    expect(await other.refused('conversation:transfer', { conversationId, agentId: colleague.id })).toBe('forbidden')
    expect(await other.refused('conversation:release', { conversationId })).toBe('forbidden')
    await agent.request('conversation:claim', { conversationId })
    expect(await other.refused('conversation:transfer', { conversationId, agentId: colleague.id })).toBe('forbidden')
    expect(await other.refused('conversation:release', { conversationId })).toBe('forbidden')
    expect(await other.refused('conversation:close', { conversationId })).toBe('forbidden')
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    await admin.request('conversation:transfer', { conversationId, agentId: colleague.id })
    await other.request('conversation:close', { conversationId })
    expect(await other.refused('conversation:transfer', { conversationId, agentId: colleague.id })).toBe(
      'conversation_closed',
    )
    expect(await other.refused('conversation:release', { conversationId })).toBe('conversation_closed')
  })

  it('[TR2] accepts only agents as targets, and releases without a target', async () => {
    const { conversationId, agent, customerAccount } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    for (const agentId of [customerAccount.id, 999_999_999]) {
      expect(await agent.refused('conversation:transfer', { conversationId, agentId })).toBe('not_found')
    }
    const { conversation } = await agent.request('conversation:transfer', { conversationId })
    expect(conversation).toMatchObject({ status: 'open', agent: null })
  })

  it('[TR3] puts a released conversation at the end of the queue', async () => {
    const first = await app.startConversation()
    await first.agent.request('conversation:claim', { conversationId: first.conversationId })
    const second = await app.startConversation()
    const { conversation } = await first.agent.request('conversation:release', { conversationId: first.conversationId })
    expect(conversation).toMatchObject({ status: 'open', agent: null, queuedAt: expect.any(String) })
    const { conversations } = await first.agent.request('conversation:list', { view: 'queue', limit: 100 })
    const order = conversations.map((one) => one.id)
    expect(order.indexOf(first.conversationId)).toBeGreaterThan(order.indexOf(second.conversationId))
  })
})
