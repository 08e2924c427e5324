// The outbox keeps messages until they are acknowledged: in order, once, under the same id, through failures and
// reloads.

import { afterEach, describe, expect, test } from 'vitest'
import type { Message } from '#protocol/entities.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openStorage } from '../../client-web/shared/storage/storage.ts'
import { timelineItems } from '../../client-web/shared/timeline/items.ts'
import { type Outbox, openOutbox } from '../../client-web/shared/timeline/outbox.ts'
import type { OutboxEntry } from '../../client-web/shared/timeline/outbox-store.ts'
import { emptyTimeline } from '../../client-web/shared/timeline/timeline.ts'

const opened: Outbox[] = []
afterEach(() => {
  for (const outbox of opened.splice(0)) outbox.stop()
})
let areas = 0

const messageOf = (entry: OutboxEntry, seq = 1): Message => ({
  id: seq,
  conversationId: entry.conversationId ?? 1,
  seq,
  clientMessageId: entry.clientMessageId,
  senderId: 7,
  senderRole: 'customer',
  senderName: 'Li Lei',
  type: 'text',
  content: entry.content,
  isRead: false,
  version: seq + 1,
  createdAt: entry.createdAt,
})

/** Settles each delivery with the next of `answers`, then succeeds. */
function newOutbox(answers: (RequestError | 'ok')[], storage = openStorage(`test:${++areas}:`), isOnline = true) {
  const delivered: OutboxEntry[] = []
  const net = { isOnline }
  const outbox = openOutbox({
    storage,
    queueKeyOf: ({ conversationId }) => `${conversationId}`,
    async deliver(entry) {
      if (!net.isOnline) throw RequestError.offline()
      delivered.push(entry)
      const answer = answers.shift() ?? 'ok'
      if (answer !== 'ok') throw answer
      return messageOf(entry)
    },
    upload: () => Promise.reject(new Error('uploads are not used here')),
  })
  opened.push(outbox)
  return { outbox, delivered, storage, net }
}

const contents = (outbox: Outbox) => outbox.entries.value.map(({ content }) => content)
const overloaded = () => new RequestError('overloaded', 'Too busy', true, { retryAfterMs: 5 })

describe('outbox', () => {
  test('[OB4] sends in order, one at a time, and empties', async () => {
    const { outbox, delivered } = newOutbox([])
    for (const text of ['one', 'two', 'three']) void outbox.add(1, text)
    await expect.poll(() => outbox.entries.value).toEqual([])
    expect(delivered.map(({ content }) => content)).toEqual(['one', 'two', 'three'])
  })

  test('[OB2] [OB4] retries a message under the same id, and nothing overtakes it', async () => {
    const rateLimited = new RequestError('rate_limited', 'Slower', true, { retryAfterMs: 20 })
    const { outbox, delivered } = newOutbox([overloaded(), rateLimited, 'ok'])
    void outbox.add(1, 'first')
    void outbox.add(1, 'second')
    await expect.poll(() => outbox.entries.value).toEqual([])
    expect(delivered.map(({ content }) => content)).toEqual(['first', 'first', 'first', 'second'])
    expect(new Set(delivered.slice(0, 3).map(({ clientMessageId }) => clientMessageId)).size).toBe(1)
  })

  test('[OB2] waits for the connection before it tries', async () => {
    const { outbox, delivered, net } = newOutbox([], undefined, false)
    await outbox.add(1, 'hello')
    await new Promise((resolve) => setTimeout(resolve, 30))
    net.isOnline = true
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(delivered).toEqual([])
    outbox.resume()
    await expect.poll(() => outbox.entries.value).toEqual([])
    expect(delivered).toHaveLength(1)
  })

  test('[OB5] keeps an error on its message, sends the rest, and allows a retry or deletion', async () => {
    const refusal = () => new RequestError('forbidden', 'No', false)
    const { outbox, delivered } = newOutbox([refusal(), 'ok', refusal(), 'ok'])
    void outbox.add(1, 'bad')
    void outbox.add(1, 'good')
    await expect.poll(() => contents(outbox)).toEqual(['bad'])
    const [bad] = outbox.entries.value as [OutboxEntry]
    expect(bad.failure).toBe('forbidden')
    outbox.retry(bad.clientMessageId)
    await expect.poll(() => delivered).toHaveLength(3)
    expect(outbox.entries.value[0]?.failure).toBe('forbidden')
    outbox.remove(bad.clientMessageId)
    expect(outbox.entries.value).toEqual([])
  })

  test('[OB1] another page finds unsent messages in order and sends them under the same ids', async () => {
    const storage = openStorage('test:')
    const { outbox } = newOutbox([], storage, false)
    for (const text of ['one', 'two']) await outbox.add(1, text)
    const ids = outbox.entries.value.map(({ clientMessageId }) => clientMessageId)
    outbox.stop()

    const { outbox: next, delivered } = newOutbox([], storage)
    await expect.poll(() => delivered).toHaveLength(2)
    await expect.poll(() => next.entries.value).toEqual([])
    expect(delivered.map(({ clientMessageId }) => clientMessageId)).toEqual(ids)
    expect(storage.names('')).toEqual([])
  })

  test('[OB4] conversations do not wait for each other', async () => {
    const { outbox, delivered } = newOutbox([new RequestError('internal', 'Later', true, { retryAfterMs: 60_000 })])
    void outbox.add(1, 'held up')
    void outbox.add(2, 'goes')
    await expect.poll(() => contents(outbox)).toEqual(['held up'])
    expect(delivered.map(({ content }) => content)).toEqual(['held up', 'goes'])
  })

  test('[OB3] one of two tabs sends, and both see the acknowledgement', async () => {
    const { outbox, delivered, storage } = newOutbox([])
    const { outbox: other, delivered: byOther } = newOutbox([], storage)
    const acknowledged: string[] = []
    other.sent.subscribe((message) => message && acknowledged.push(message.content))
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    for (const text of texts) void outbox.add(1, text)
    await expect.poll(() => [outbox, other].map(contents)).toEqual([[], []])
    expect([...delivered, ...byOther].map(({ content }) => content).toSorted()).toEqual(texts.toSorted())
    await expect.poll(() => acknowledged.length + byOther.length).toBeGreaterThanOrEqual(50)
  })

  test('[OB6] forgets messages for good: they are neither kept nor sent', async () => {
    const { outbox, delivered, storage, net } = newOutbox([], undefined, false)
    await outbox.add(1, 'private')
    await outbox.clear()
    net.isOnline = true
    outbox.resume()
    const { outbox: next, delivered: byNext } = newOutbox([], storage)
    next.resume()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect([contents(outbox), contents(next), delivered, byNext, storage.names('')]).toEqual([[], [], [], [], []])
  })

  test('[OB7] shows one row per message from sending to sent, without duplicates', () => {
    const { outbox } = newOutbox([], undefined, false)
    void outbox.add(1, 'hello')
    const self = { id: 7, role: 'customer', name: 'Li Lei' } as const
    const [entry] = outbox.entries.value as [OutboxEntry]
    const [pending] = timelineItems(emptyTimeline, outbox.entries.value, self)
    const message = messageOf(entry)
    const items = timelineItems({ ...emptyTimeline, messages: [message] }, outbox.entries.value, self)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ key: pending?.key, status: 'sent', seq: 1 })
    expect(pending).toMatchObject({ status: 'sending', seq: null })
  })
})
