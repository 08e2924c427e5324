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
    await agent.next('agent:status-changed', ({ agentId, status }) => agentId === colleague.id && status === 'online')
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
    await agent.next('agent:status-changed', ({ agentId, status }) => agentId === colleague.id && status === 'online')
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

  it('[TR4] asks before a transfer to an agent who is offline', async () => {
    const { conversationId, agent, agentAccount } = await app.startConversation({ message: 'hello' })
    await agent.request('conversation:claim', { conversationId })
    const colleague = await app.newAgent()
    const transfer = { conversationId, agentId: colleague.id }
    const offline = { ok: false, error: { code: 'conflict', retryable: false, details: { reason: 'offline' } } }
    // Never connected, then offline by choice.
    expect(await agent.ask('conversation:transfer', transfer)).toMatchObject(offline)
    const there = await colleague.connect()
    await there.request('agent:set-status', { status: 'offline' })
    expect(await agent.ask('conversation:transfer', transfer)).toMatchObject(offline)
    expect(await agent.ask('conversation:transfer', { ...transfer, anyway: false })).toMatchObject(offline)
    expect((await agent.request('conversation:open', { conversationId })).conversation.agent?.id).toBe(agentAccount.id)
    expect(await agent.request('conversation:transfer', { ...transfer, anyway: true })).toMatchObject({
      conversation: { status: 'pending', agent: { id: colleague.id } },
    })
    // Again, and without asking: it is there already.
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    await admin.request('conversation:transfer', transfer)
    await there.request('agent:set-status', { status: 'busy' })
    await admin.request('conversation:release', { conversationId })
    await admin.request('conversation:transfer', transfer)
  })

  it('[TR4a] lets an admin who is offline by choice take over', async () => {
    const { conversationId } = await app.startConversation({ message: 'hello' })
    const account = await app.newAgent({ role: 'admin' })
    const admin = await account.connect()
    await admin.request('agent:set-status', { status: 'offline' })
    const { conversation } = await admin.request('conversation:transfer', { conversationId, agentId: account.id })
    expect(conversation.agent?.id).toBe(account.id)
  })
})
