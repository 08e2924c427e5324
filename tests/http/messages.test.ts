// Conversations and messages over plain HTTP.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

test('[HT20] a new message is 201; a repeated one is 200 with the same message', async () => {
  const { conversationId, customerAccount } = await app.startConversation()
  const path = `/conversations/${conversationId}/messages`
  const body = { clientMessageId: 'one', content: '您好,我想咨询产品问题' }
  const first = await customerAccount.call('POST', path, body)
  const again = await customerAccount.call('POST', path, { ...body, content: 'other words' })
  expect(first).toMatchObject({ status: 201, body: { message: { ...body, conversationId, seq: 1, type: 'text' } } })
  expect(again.status).toBe(200)
  expect(again.body).toEqual(first.body)
  expect(await app.storedMessages(conversationId)).toHaveLength(1)
})

test('[HT21] history is paged before or after a seq', async () => {
  const { conversationId, customerAccount } = await app.startConversation()
  const path = `/conversations/${conversationId}/messages`
  for (let i = 1; i <= 5; i++) await customerAccount.call('POST', path, { clientMessageId: `m${i}`, content: `${i}` })
  const page = async (query: string) => {
    const { body } = await customerAccount.call('GET', `${path}?${query}`)
    const { messages, hasMore } = body as { messages: { seq: number }[]; hasMore: boolean }
    return [messages.map((message) => message.seq), hasMore]
  }
  expect(await page('limit=2')).toEqual([[4, 5], true])
  expect(await page('before=4&limit=2')).toEqual([[2, 3], true])
  expect(await page('before=2')).toEqual([[1], false])
  expect(await page('after=3')).toEqual([[4, 5], false])
  expect((await customerAccount.call('GET', `${path}?before=4&after=1`)).status).toBe(400)
})

test('[HT22] a conversation is visible to its customer and to agents, and not_found for other customers', async () => {
  const { conversationId, customerAccount, agentAccount } = await app.startConversation({ email: 'mei@shop.example' })
  const stranger = await app.newCustomer()
  const mine = await customerAccount.call('GET', `/conversations/${conversationId}`)
  const theirs = await agentAccount.call('GET', `/conversations/${conversationId}`)
  expect(mine).toMatchObject({ status: 200, body: { conversation: { id: conversationId, status: 'open' } } })
  expect(JSON.stringify(mine.body)).not.toContain('mei@')
  expect(theirs).toMatchObject({ status: 200, body: { conversation: { customer: { email: 'mei@shop.example' } } } })
  for (const [method, path, body] of [
    ['GET', `/conversations/${conversationId}`],
    ['GET', `/conversations/${conversationId}/messages`],
    ['POST', `/conversations/${conversationId}/messages`, { clientMessageId: 'x', content: 'x' }],
  ] as const) {
    expect(await stranger.call(method, path, body)).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found' } },
    })
  }
})

test('[HT23] agents list conversations by view, page by page', async () => {
  const { customerAccount, agentAccount } = await app.startConversation()
  await app.fillQueue(customerAccount.id, 3)
  const seen: number[] = []
  let cursor: string | null = null
  do {
    const query: string = `view=queue&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
    const { status, body } = await agentAccount.call('GET', `/conversations?${query}`)
    expect(status).toBe(200)
    const page = body as { conversations: { id: number }[]; nextCursor: string | null }
    expect(page.conversations.length).toBeLessThanOrEqual(2)
    seen.push(...page.conversations.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  expect(seen.length).toBeGreaterThanOrEqual(4)
  expect(new Set(seen).size).toBe(seen.length)
})
