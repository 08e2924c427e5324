import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function closed() {
  const started = await app.startConversation()
  await started.agent.request('conversation:claim', { conversationId: started.conversationId })
  await started.agent.request('conversation:close', { conversationId: started.conversationId })
  return started
}

const line = (conversationId: number) => ({ conversationId, clientMessageId: 'again', content: 'one more thing' })

describe('conversation:close and conversation:reopen', () => {
  it('[CE1] succeeds again without a second event', async () => {
    const { conversationId, agent, customer } = await closed()
    await agent.request('conversation:close', { conversationId })
    await customer.request('conversation:close', { conversationId })
    await customer.request('conversation:reopen', { conversationId })
    await customer.request('conversation:reopen', { conversationId })
    await agent.request('conversation:close', { conversationId })
    await customer.next('conversation:updated', ({ conversation }) => conversation.status === 'closed')
    const changes = () => customer.all('conversation:updated').map(({ change }) => change)
    await customer.next(
      'conversation:updated',
      ({ change, conversation }) => change === 'closed' && conversation.version > 3,
    )
    expect(changes()).toEqual(['claimed', 'closed', 'reopened', 'closed'])
  })

  it('[CE1] lets a customer close its own and assigns no agent to one from the queue', async () => {
    const { conversationId, agent, customer } = await app.startConversation()
    const { conversation } = await customer.request('conversation:close', { conversationId })
    expect(conversation).toMatchObject({ status: 'closed', agent: null, closedAt: expect.any(String) })
    expect(await agent.refused('conversation:reopen', { conversationId })).toBe('forbidden')
    const admin = await (await app.newAgent({ role: 'admin' })).connect()
    expect((await admin.request('conversation:reopen', { conversationId })).conversation).toMatchObject({
      status: 'open',
      closedAt: null,
    })
  })

  it('[CE2] assigns it to the agent who reopens it', async () => {
    const { conversationId, agent, agentAccount } = await closed()
    const { conversation } = await agent.request('conversation:reopen', { conversationId })
    expect(conversation).toMatchObject({ status: 'pending', agent: { id: agentAccount.id }, closedAt: null })
  })

  it("[CE2] [CE3] a customer's message or reopening returns it to the agent, if online", async () => {
    const { conversationId, agent, agentAccount, customer } = await closed()
    await customer.request('message:send', line(conversationId))
    const update = await agent.next('conversation:updated', ({ change }) => change === 'reopened')
    expect(update.conversation).toMatchObject({ status: 'pending', agent: { id: agentAccount.id }, unread: 1 })
    await agent.request('conversation:close', { conversationId })
    expect((await customer.request('conversation:reopen', { conversationId })).conversation.status).toBe('pending')
  })

  it('[CE2] [CE3] requeues it when that agent is busy or gone', async () => {
    const { conversationId, agent, customer } = await closed()
    await agent.request('agent:set-status', { status: 'busy' })
    await customer.request('message:send', line(conversationId))
    const update = await agent.next('conversation:updated', ({ change }) => change === 'reopened')
    expect(update.conversation).toMatchObject({ status: 'open', agent: null, queuedAt: expect.any(String) })
  })

  it('[CE4] requeues a conversation five minutes after its agent left', async () => {
    const { conversationId, agent, agentAccount, customer } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    await app.setAgentLastSeen(agentAccount.id, 4 * 60_000)
    await customer.request('message:send', { ...line(conversationId), clientMessageId: 'early' })
    expect((await customer.request('conversation:open', { conversationId })).conversation.status).toBe('pending')
    await app.setAgentLastSeen(agentAccount.id, 5 * 60_000 + 1000)
    await customer.request('message:send', line(conversationId))
    const update = await customer.next('conversation:updated', ({ change }) => change === 'released')
    expect(update.conversation).toMatchObject({ status: 'open', agent: null })
  })
})
