// How much text customers may send, and how much of it goes to everybody else.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
let now = Date.now()
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, now: () => now })
})
afterAll(() => app.stop())

let number = 0
const message = (content: string) => ({ clientMessageId: `b${++number}`, content })
const long = '🙂'.repeat(limits.contentLength)
const short = 'Hello'

describe('[AT31] [S20] bytes of messages', () => {
  test('of one customer are counted, over the socket, over HTTP and in a first message; those of others and agents are not', async () => {
    const { conversationId, customer, customerAccount, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    app.rates.count('messageBytesPerCustomer', customerAccount.id, budgets.messageBytesPerCustomer.count - 10_000)
    const refused = { ok: false, error: { code: 'rate_limited', details: { retryAfterMs: expect.any(Number) } } }
    expect(await customer.ask('message:send', { conversationId, ...message(long) })).toMatchObject(refused)
    const overHttp = await customerAccount.call('POST', `/conversations/${conversationId}/messages`, message(long))
    expect(overHttp.status).toBe(429)
    expect(await customer.refused('conversation:start', { message: message(long) })).toBe('rate_limited')
    expect(await customer.ask('message:send', { conversationId, ...message(short) })).toMatchObject({ ok: true })
    expect(await agent.ask('message:send', { conversationId, ...message(long) })).toMatchObject({ ok: true })
    const other = await app.startConversation()
    const { conversationId: theirs } = other
    expect(await other.customer.ask('message:send', { conversationId: theirs, ...message(long) })).toMatchObject({
      ok: true,
    })
    now += budgets.messageBytesPerCustomer.windowMs / 20
    expect(await customer.ask('message:send', { conversationId, ...message(long) })).toMatchObject({ ok: true })
  })

  test('of all customers of one address are counted', async () => {
    const { conversationId, customer } = await app.startConversation()
    now += budgets.messageBytesPerAddress.windowMs / 20
    app.rates.count('messageBytesPerAddress', '127.0.0.1', budgets.messageBytesPerAddress.count - 10_000)
    expect(await customer.refused('message:send', { conversationId, ...message(long) })).toBe('rate_limited')
    expect(await customer.ask('message:send', { conversationId, ...message(short) })).toMatchObject({ ok: true })
    now += budgets.messageBytesPerAddress.windowMs / 20
    expect(await customer.ask('message:send', { conversationId, ...message(long) })).toMatchObject({ ok: true })
  })
})

test('[AT32] [S20] lists and events carry 200 code points of the last message, history all of it', async () => {
  const { conversationId, customer, customerAccount, agent } = await app.startConversation()
  const { message: sent } = await customer.request('message:send', { conversationId, ...message(long) })
  expect(sent.content).toBe(long)
  const preview = '🙂'.repeat(limits.previewLength)
  const updated = await agent.next('conversation:updated', ({ conversation }) => conversation.id === conversationId)
  expect(updated.conversation.lastMessage).toEqual({ ...sent, content: preview })
  for (const who of [customer, agent]) {
    const { conversations } = await who.request('conversation:list', {})
    expect(conversations.find(({ id }) => id === conversationId)?.lastMessage?.content).toBe(preview)
    const opened = await who.request('conversation:open', { conversationId, afterSeq: 0 })
    expect(opened.conversation.lastMessage?.content).toBe(preview)
    expect(opened.messages.at(-1)?.content).toBe(long)
  }
  const listed = await customerAccount.call('GET', '/conversations')
  expect(JSON.stringify(listed.body)).not.toContain(`${preview}🙂`)
  const exact = await customer.request('message:send', { conversationId, ...message(`${preview}`) })
  const { conversations } = await agent.request('conversation:list', {})
  expect(conversations.find(({ id }) => id === conversationId)?.lastMessage).toEqual(exact.message)
})
