import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('conversation:claim', () => {
  it('[CL1] [T31] has one winner among fifty concurrent agents, in twenty rounds', async () => {
    const agents = await Promise.all(Array.from({ length: 50 }, async () => (await app.newAgent()).connect()))
    for (let round = 0; round < 20; round++) {
      const { conversationId, customer } = await app.startConversation()
      const replies = await Promise.all(agents.map((agent) => agent.ask('conversation:claim', { conversationId })))
      const winners = replies.filter((reply) => reply.ok)
      expect(winners).toHaveLength(1)
      const winner = winners[0]?.ok ? winners[0].data.conversation.agent : null
      for (const reply of replies) {
        if (reply.ok) continue
        expect(reply.error).toMatchObject({ code: 'already_claimed', details: { agentId: winner?.id } })
      }
      const update = await customer.next('conversation:updated', ({ change }) => change === 'claimed')
      expect(update.conversation).toMatchObject({ status: 'pending', agent: winner })
      customer.close()
    }
    for (const agent of agents) agent.close()
  })

  it('[CL2] succeeds without an event for the assigned agent, and rejects a closed conversation', async () => {
    const { conversationId, agent, customer } = await app.startConversation()
    const first = await agent.request('conversation:claim', { conversationId })
    const again = await agent.request('conversation:claim', { conversationId })
    expect(again.conversation.version).toBe(first.conversation.version)
    await agent.request('conversation:close', { conversationId })
    await customer.next('conversation:updated', ({ change }) => change === 'closed')
    expect(customer.all('conversation:updated').filter(({ change }) => change === 'claimed')).toHaveLength(1)
    expect(await agent.refused('conversation:claim', { conversationId })).toBe('conversation_closed')
  })

  it('[RQ4] is forbidden for customers', async () => {
    const { conversationId, customer } = await app.startConversation()
    expect(await customer.refused('conversation:claim', { conversationId })).toBe('forbidden')
  })
})
