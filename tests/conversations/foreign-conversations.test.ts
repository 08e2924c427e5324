import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestName, RequestPayloads } from '#protocol/requests.ts'
import { requests } from '../../server/realtime/requests.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** Events that say nothing about a conversation. */
const onConnect = new Set<string>(['epoch:changed', 'availability:changed'])

/** Every request that names a conversation and that customers may make. */
const probes: { [N in RequestName]?: (conversationId: number) => RequestPayloads[N] } = {
  'conversation:open': (conversationId) => ({ conversationId }),
  'conversation:close': (conversationId) => ({ conversationId }),
  'conversation:reopen': (conversationId) => ({ conversationId }),
  'message:send': (conversationId) => ({ conversationId, clientMessageId: 'x', content: 'let me in' }),
  'message:list': (conversationId) => ({ conversationId }),
  'message:mark-read': (conversationId) => ({ conversationId, seq: 1 }),
  'typing:set': (conversationId) => ({ conversationId, typing: true }),
}

describe("a customer's token on another's conversation", () => {
  it('[RQ7] [T01] is not_found in each request and call, as for a missing conversation, and publishes nothing', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    const strangerAccount = await app.newCustomer()
    const stranger = await strangerAccount.connect()
    for (const [name, payload] of Object.entries(probes)) {
      for (const id of [conversationId, 987_654_321]) {
        expect(await stranger.refused(name as RequestName, payload(id) as never), name).toBe('not_found')
      }
    }
    for (const [method, path, body] of [
      ['GET', `/conversations/${conversationId}`],
      ['GET', `/conversations/${conversationId}/messages`],
      ['POST', `/conversations/${conversationId}/messages`, { clientMessageId: 'x', content: 'let me in' }],
    ] as const) {
      const answer = await strangerAccount.call(method, path, body)
      expect([answer.status, answer.body], path).toMatchObject([404, { error: { code: 'not_found' } }])
    }
    await agent.request('conversation:claim', { conversationId })
    await agent.request('message:send', { conversationId, clientMessageId: 'a', content: 'for you alone' })
    await customer.next('message:created')
    await agent.request('conversation:close', { conversationId })
    await customer.next('conversation:updated', ({ change }) => change === 'closed')
    expect(stranger.received.filter(({ event }) => !onConnect.has(event))).toEqual([])
    expect(await app.storedMessages(conversationId)).toHaveLength(1)
  })

  it('[RQ7] [CV4] [T02] gets no events when it tries to open the conversation while others talk', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const stranger = await (await app.newCustomer()).connect()
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        ...Array.from({ length: 10 }, () => stranger.refused('conversation:open', { conversationId })),
        ...Array.from({ length: 5 }, (_, index) =>
          agent.request('message:send', {
            conversationId,
            clientMessageId: `r${round}-${index}`,
            content: 'for you alone',
          }),
        ),
        agent.request('typing:set', { conversationId, typing: true }),
      ])
    }
    await customer.next('message:created', (message) => message.seq === 100)
    expect(stranger.received.filter(({ event }) => !onConnect.has(event))).toEqual([])
  })

  it('[RQ7] is tested with every request that customers may make about a conversation', () => {
    const asked = Object.entries(requests)
      .filter(([, entry]) => entry.roles.includes('customer'))
      .map(([name]) => name)
      .filter(
        (name) => !['session:renew', 'conversation:start', 'conversation:list', 'conversation:leave'].includes(name),
      )
    expect(Object.keys(probes).sort()).toEqual(asked.sort())
  })
})
