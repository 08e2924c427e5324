// The outbox keeps what was sent until it is acknowledged: in order, once, under the same id, through failures and reloads.

import { describe, expect, test, vi } from 'vitest'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { openStorage } from '../../client-web/shared/storage/storage.ts'
import { timelineItems } from '../../client-web/shared/timeline/items.ts'
import { moveOutbox, type Outbox, type OutboxEntry, openOutbox } from '../../client-web/shared/timeline/outbox.ts'
import { emptyTimeline } from '../../client-web/shared/timeline/timeline.ts'

/** Answers each delivery by the next of `answers`, then always yes. */
function newOutbox(answers: (RequestError | 'ok')[], storage = openStorage('test:'), name = '1') {
  const delivered: OutboxEntry[] = []
  const outbox = openOutbox({
    storage,
    name,
    async deliver(entry) {
      delivered.push(entry)
      const answer = answers.shift() ?? 'ok'
      if (answer !== 'ok') throw answer
    },
  })
  return { outbox, delivered, storage }
}

const contents = (outbox: Outbox) => outbox.entries.value.map(({ content }) => content)
const overloaded = () => new RequestError('overloaded', 'Too busy', true, { retryAfterMs: 5 })

describe('outbox', () => {
  test('sends in the order of writing, one at a time, and empties', async () => {
    const { outbox, delivered } = newOutbox([])
    for (const text of ['one', 'two', 'three']) outbox.add(text)
    await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
    expect(delivered.map(({ content }) => content)).toEqual(['one', 'two', 'three'])
  })

  test('tries the same message again under the same id, and nothing overtakes it', async () => {
    const rateLimited = new RequestError('rate_limited', 'Slower', true, { retryAfterMs: 20 })
    const { outbox, delivered } = newOutbox([overloaded(), rateLimited, 'ok'])
    outbox.add('first')
    outbox.add('second')
    await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
    expect(delivered.map(({ content }) => content)).toEqual(['first', 'first', 'first', 'second'])
    expect(new Set(delivered.slice(0, 3).map(({ clientMessageId }) => clientMessageId)).size).toBe(1)
  })

  test('waits for the connection instead of trying without one', async () => {
    const { outbox, delivered } = newOutbox([RequestError.offline()])
    outbox.add('hello')
    await vi.waitFor(() => expect(delivered).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(delivered).toHaveLength(1)
    outbox.wake()
    await vi.waitFor(() => expect(outbox.entries.value).toEqual([]))
    expect(delivered).toHaveLength(2)
  })

  test('a refusal stays on the message, the rest goes on, and it can be tried again or deleted', async () => {
    const refusal = () => new RequestError('forbidden', 'No', false)
    const { outbox, delivered } = newOutbox([refusal(), 'ok', refusal(), 'ok'])
    outbox.add('bad')
    outbox.add('good')
    await vi.waitFor(() => expect(contents(outbox)).toEqual(['bad']))
    const [bad] = outbox.entries.value as [OutboxEntry]
    expect(bad.failure).toBe('forbidden')
    outbox.retry(bad.clientMessageId)
    await vi.waitFor(() => expect(delivered).toHaveLength(3))
    expect(outbox.entries.value[0]?.failure).toBe('forbidden')
    outbox.remove(bad.clientMessageId)
    expect(outbox.entries.value).toEqual([])
  })

  test('another page finds what this one could not send, in order, and sends it under the same ids', async () => {
    const storage = openStorage('test:')
    const { outbox } = newOutbox([RequestError.offline()], storage)
    for (const text of ['one', 'two']) outbox.add(text)
    const ids = outbox.entries.value.map(({ clientMessageId }) => clientMessageId)
    outbox.stop()

    const { outbox: next, delivered } = newOutbox([], storage)
    expect(contents(next)).toEqual(['one', 'two'])
    next.wake()
    await vi.waitFor(() => expect(next.entries.value).toEqual([]))
    expect(delivered.map(({ clientMessageId }) => clientMessageId)).toEqual(ids)
    expect(storage.names('outbox:')).toEqual([])
  })

  test('what waits for a conversation moves along once it has an id', () => {
    const storage = openStorage('test:')
    const { outbox } = newOutbox([RequestError.offline()], storage, 'new')
    outbox.add('hello')
    moveOutbox(storage, 'new', '12')
    expect(contents(newOutbox([], storage, 'new').outbox)).toEqual([])
    expect(contents(newOutbox([], storage, '12').outbox)).toEqual(['hello'])
  })

  test('a message is one row from sending to sent: acknowledged ones are not shown twice', () => {
    const { outbox } = newOutbox([RequestError.offline()])
    outbox.add('hello')
    const self = { id: 7, role: 'customer', name: 'Li Lei' } as const
    const [entry] = outbox.entries.value as [OutboxEntry]
    const [pending] = timelineItems(emptyTimeline, outbox.entries.value, self)
    const message = {
      id: 1,
      conversationId: 1,
      seq: 1,
      clientMessageId: entry.clientMessageId,
      senderId: 7,
      senderRole: 'customer',
      senderName: 'Li Lei',
      type: 'text',
      content: 'hello',
      isRead: false,
      version: 2,
      createdAt: entry.createdAt,
    } as const
    const items = timelineItems({ ...emptyTimeline, messages: [message] }, outbox.entries.value, self)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ key: pending?.key, status: 'sent', seq: 1 })
    expect(pending).toMatchObject({ status: 'sending', seq: null })
  })
})
