// The client's conversation against a real server: it holds the same messages after cuts, gaps and rejections.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { CustomerConversation } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { createConnection } from '../../client-web/shared/connection/connection.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openStorage } from '../../client-web/shared/storage/storage.ts'
import { type OpenConversation, openConversation } from '../../client-web/shared/timeline/open-conversation.ts'
import { openOutbox } from '../../client-web/shared/timeline/outbox.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { startRelay } from '../support/relay.ts'

let app: TestApp
const opened: { close(): void }[] = []
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(async () => {
  for (const each of opened) each.close()
  await app.stop()
})

/** A connection as a page has it, over a network that can be cut. */
async function newConnection(account: TestAccount) {
  const relay = await startRelay(app.url)
  const connection = createConnection({
    url: relay.url,
    getToken: () => ({ token: account.token, expiresAt: Date.now() + 60_000 }),
    renewToken: () => Promise.reject(RequestError.offline()),
    onUnauthorized: () => undefined,
  })
  opened.push(connection, relay)
  return {
    connection,
    async cut() {
      relay.cut()
      await expect.poll(() => connection.state.value.phase).toBe('offline')
    },
    async restore() {
      relay.restore()
      await expect.poll(() => connection.state.value.phase).toBe('online')
    },
  }
}

async function newConversation(messages: number) {
  const { conversationId, customerAccount, agentAccount, agent } = await app.startConversation()
  await agent.request('conversation:claim', { conversationId })
  await sendAll(agent, conversationId, 1, messages)
  const net = await newConnection(customerAccount)
  const outbox = openOutbox({
    storage: openStorage(`test:${customerAccount.id}:`),
    queueKeyOf: () => 'current',
    async deliver({ clientMessageId, content }) {
      return (await net.connection.request('message:send', { conversationId, clientMessageId, content })).message
    },
    upload: () => Promise.reject(new Error('uploads are not used here')),
  })
  net.connection.state.subscribe(outbox.resume)
  const conversation = openConversation<CustomerConversation>({
    connection: net.connection,
    outbox,
    conversationId,
    self: { id: customerAccount.id, role: 'customer', name: '' },
  })
  opened.unshift(conversation, { close: outbox.stop })
  await expect.poll(() => conversation.isLoaded.value).toBe(true)
  return { conversation, conversationId, agentAccount, net }
}

async function sendAll(agent: Client, conversationId: number, from: number, to: number) {
  for (let n = from; n <= to; n++) {
    await agent.request('message:send', { conversationId, clientMessageId: `m${n}`, content: `message ${n}` })
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const seqs = (conversation: OpenConversation<CustomerConversation>) =>
  conversation.timeline.value.messages.map(({ seq }) => seq)

const contentsOf = (conversation: OpenConversation<CustomerConversation>) =>
  conversation.items.value.map(({ content }) => content)

/** As a database that has lost everything after this seq. */
async function setBack(conversationId: number, seq: number) {
  await app.db.deleteFrom('messages').where('conversation_id', '=', conversationId).where('seq', '>', seq).execute()
  await app.db
    .updateTable('conversations')
    .set({ last_seq: seq, version: seq + 1 })
    .where('id', '=', conversationId)
    .execute()
}

describe('open conversation', () => {
  test('shows the newest page, then older ones before it', async () => {
    const { conversation } = await newConversation(limits.defaultPageSize + 5)
    expect(seqs(conversation)).toEqual(numbers(6, limits.defaultPageSize + 5))
    await conversation.loadOlder()
    expect(seqs(conversation)).toEqual(numbers(1, limits.defaultPageSize + 5))
  })

  test('loads everything sent during a cut page by page, once and in order', async () => {
    const { conversation, conversationId, agentAccount, net } = await newConversation(2)
    await net.cut()
    const agent = await agentAccount.connect()
    await sendAll(agent, conversationId, 3, limits.pageSize + 20)
    await net.restore()
    await expect.poll(() => seqs(conversation)).toEqual(numbers(1, limits.pageSize + 20))
  })

  test('[CV5] loads everything changed during a cut page by page', async () => {
    const { conversation, conversationId, agentAccount, net } = await newConversation(limits.pageSize + 5)
    await conversation.loadOlder()
    await conversation.loadOlder()
    await net.cut()
    await app.changeMessages(conversationId, 'changed')
    const agent = await agentAccount.connect()
    const next = limits.pageSize + 6
    await sendAll(agent, conversationId, next, next)
    await net.restore()
    await vi.waitFor(() => expect(seqs(conversation)).toEqual(numbers(1, next)), 10_000)
    const contents = conversation.timeline.value.messages.map(({ content }) => content)
    expect(contents).toEqual([...numbers(1, next - 1).map(() => 'changed'), `message ${next}`])
  })

  test('[OB12] loads again when a seq belongs to another message, and sends its own lost messages again', async () => {
    const { conversation, conversationId, agentAccount } = await newConversation(2)
    for (const text of ['three', 'four']) await conversation.send(text)
    await expect.poll(() => seqs(conversation)).toEqual(numbers(1, 4))
    await setBack(conversationId, 2)
    const agent = await agentAccount.connect()
    await sendAll(agent, conversationId, 5, 5)
    await expect.poll(() => contentsOf(conversation)).toEqual(['message 1', 'message 2', 'message 5', 'three', 'four'])
    expect((await app.storedMessages(conversationId)).map(({ content }) => content)).toEqual(contentsOf(conversation))
  })

  test('[OB12] loads again when the server turns out to be behind', async () => {
    const { conversation, conversationId, net } = await newConversation(4)
    await net.cut()
    await setBack(conversationId, 3)
    await net.restore()
    await expect.poll(() => seqs(conversation)).toEqual(numbers(1, 3))
    expect(conversation.conversation.value?.lastSeq).toBe(3)
  })

  test('sends messages written during a cut in order, and marks them sending, sent and read', async () => {
    const { conversation, conversationId, agentAccount, net } = await newConversation(1)
    await net.cut()
    for (const text of ['one', 'two', 'three']) void conversation.send(text)
    expect(conversation.items.value.slice(1).map(({ status }) => status)).toEqual(['sending', 'sending', 'sending'])
    await net.restore()
    await expect.poll(() => conversation.items.value.every(({ seq }) => seq !== null)).toBe(true)
    const stored = await app.storedMessages(conversationId)
    expect(stored.map(({ content }) => content)).toEqual(['message 1', 'one', 'two', 'three'])
    expect(conversation.items.value.at(-1)?.status).toBe('sent')

    const agent = await agentAccount.connect()
    await agent.request('message:mark-read', { conversationId, seq: 4 })
    await expect.poll(() => conversation.items.value.at(-1)?.status).toBe('read')
  })

  test('reports reading to the server once and uses its reply', async () => {
    const { conversation, conversationId } = await newConversation(3)
    conversation.markRead('customer')
    conversation.markRead('customer')
    await expect.poll(() => conversation.timeline.value.customerReadSeq).toBe(3)
    expect((await app.storedMessages(conversationId)).every(({ isRead }) => isRead)).toBe(true)
  })

  test('keeps a permanent error on the message', async () => {
    const { conversation, net } = await newConversation(1)
    void conversation.send('x'.repeat(limits.contentLength + 1))
    await expect.poll(() => conversation.items.value.at(-1)?.status).toBe('failed')
    await expect(net.connection.request('message:list', { conversationId: 999_999 })).rejects.toMatchObject({
      name: 'RequestError',
      code: 'not_found',
      retryable: false,
    })
  })

  test('renews the token before it expires, over the open connection', async () => {
    const account = await app.newCustomer()
    let held = { token: account.token, expiresAt: Date.now() + 30_500 }
    const renewToken = vi.fn(async () => {
      held = { token: app.renewedToken(account, 'customer'), expiresAt: Date.now() + 600_000 }
      return held
    })
    const connection = createConnection({ url: app.url, getToken: () => held, renewToken, onUnauthorized: vi.fn() })
    opened.push(connection)
    await expect.poll(() => connection.state.value.phase).toBe('online')
    expect(renewToken).not.toHaveBeenCalled()
    const states = vi.fn()
    connection.state.subscribe(states)
    await expect.poll(() => renewToken).toHaveBeenCalledOnce()
    await connection.request('conversation:list', {})
    expect(states).toHaveBeenCalledOnce()
    expect(connection.state.value.phase).toBe('online')
  })

  test('closes when the session cannot be renewed: no more attempts, and the page is notified', async () => {
    const onUnauthorized = vi.fn()
    const renewToken = vi.fn(() => Promise.reject(new RequestError('unauthorized', 'Over', false)))
    const connection = createConnection({
      url: app.url,
      getToken: () => ({ token: 'no.such.token', expiresAt: Date.now() + 60_000 }),
      renewToken,
      onUnauthorized,
    })
    await expect.poll(() => connection.state.value.phase).toBe('unauthorized')
    expect(renewToken).toHaveBeenCalledOnce()
    expect(onUnauthorized).toHaveBeenCalledOnce()
    await expect(connection.request('conversation:list', {})).rejects.toMatchObject({
      code: 'offline',
      retryable: true,
    })
  })
})

test('[EV5a] shows nothing of a conversation that was erased, and asks no further', async () => {
  const { conversation, conversationId } = await newConversation(3)
  app.publish('conversation:erased', { conversationId }, { conversationId })
  await expect.poll(() => conversation.error.value?.code).toBe('not_found')
  expect(conversation.items.value).toEqual([])
  expect(conversation.conversation.value).toBeNull()
})
