// A browser that missed thousands of messages loads them page by page, in time.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CustomerConversation } from '#protocol/entities.ts'
import { createConnection } from '../../client-web/shared/connection/connection.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openTimeline } from '../../client-web/shared/timeline/open-timeline.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startRelay } from '../support/relay.ts'

const missed = 5_000
const within = 3_000
const batchSize = 200

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

it('[CH6] [CV5] [ML1] a reconnecting browser loads 5,000 missed messages in order in under three seconds (F22)', async () => {
  const { conversationId, customerAccount, agent } = await app.startConversation()
  await agent.request('conversation:claim', { conversationId })
  await agent.request('message:send', { conversationId, clientMessageId: 'first', content: 'Hello' })
  const relay = await startRelay(app.url)
  const connection = createConnection({
    url: relay.url,
    getToken: () => ({ token: customerAccount.token, expiresAt: Date.now() + 600_000 }),
    renewToken: () => Promise.reject(RequestError.offline()),
    onUnauthorized: () => undefined,
  })
  const open = openTimeline<CustomerConversation>({ connection, conversationId, selfId: 0 })
  await expect.poll(() => open.isLoaded.value).toBe(true)
  relay.cut()
  await expect.poll(() => connection.state.value.phase).toBe('offline')

  for (let sent = 0; sent < missed; sent += batchSize) {
    const batch = Array.from({ length: batchSize }, (_, index) => `m${sent + index + 1}`)
    await Promise.all(
      batch.map((id) => agent.request('message:send', { conversationId, clientMessageId: id, content: `line ${id}` })),
    )
  }

  relay.restore()
  let from = 0
  const undo = connection.state.subscribe(({ phase }) => {
    if (phase === 'online') from ||= performance.now()
  })
  await expect.poll(() => open.timeline.value.messages.length, { interval: 10 }).toBe(missed + 1)
  const took = performance.now() - from
  const { messages } = open.timeline.value
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1))
  expect(messages.slice(1).map(({ content }) => content)).toEqual(messages.slice(1).map((_, i) => `line m${i + 1}`))
  expect(open.conversation.value?.lastSeq).toBe(missed + 1)
  expect(took).toBeLessThan(within)
  undo()
  open.close()
  connection.close()
  relay.close()
})
