// How a message list groups its rows, and which groups it renders again after a change.

import { describe, expect, test } from 'vitest'
import { groupByDay, keepGroups } from '../../client-web/shared/conversation/groups.ts'
import type { TimelineItem } from '../../client-web/shared/timeline/items.ts'

const noon = new Date(2026, 2, 17, 12).getTime()
const minutes = (count: number) => new Date(noon + count * 60_000).toISOString()

const item = (seq: number, changes: Partial<TimelineItem> = {}): TimelineItem => ({
  key: `m${seq}`,
  clientMessageId: `m${seq}`,
  seq,
  isOwn: false,
  senderId: 7,
  senderRole: 'customer',
  senderName: 'Li Lei',
  content: `message ${seq}`,
  attachment: null,
  createdAt: minutes(seq),
  status: 'sent',
  failure: null,
  ...changes,
})

const sequences = (days: ReturnType<typeof groupByDay>) =>
  days.map(({ groups }) => groups.map(({ items }) => items.map(({ seq }) => seq)))

test('messages of one sender within five minutes are one group', () => {
  const items = [item(1), item(2), item(3, { senderId: 8 }), item(4, { senderId: 8 }), item(10, { senderId: 8 })]
  expect(sequences(groupByDay(items))).toEqual([[[1, 2], [3, 4], [10]]])
})

test('a failed message, a new day and the "new" divider each begin a group', () => {
  const items = [item(1), item(2, { status: 'failed' }), item(3), item(4), item(5, { createdAt: minutes(24 * 60) })]
  expect(sequences(groupByDay(items, 4))).toEqual([[[1], [2], [3], [4]], [[5]]])
})

describe('after a change', () => {
  /** Every item is made again, as an event makes them. */
  const render = (before: ReturnType<typeof groupByDay>, ...items: TimelineItem[]) =>
    keepGroups(before, groupByDay(items))
  const groupsOf = (days: ReturnType<typeof groupByDay>) => days.flatMap(({ groups }) => groups)
  const first = () => [item(1), item(2), item(20)]

  test('an unchanged group is the one rendered before', () => {
    const before = render([], ...first())
    const after = render(before, ...first(), item(21))
    expect(groupsOf(after)[0]).toBe(groupsOf(before)[0])
    expect(groupsOf(after)[1]).not.toBe(groupsOf(before)[1])
    expect(sequences(after)).toEqual([
      [
        [1, 2],
        [20, 21],
      ],
    ])
  })

  test.each<[string, Partial<TimelineItem>]>([
    ['status', { status: 'read' }],
    ['sender', { senderName: 'Han Mei' }],
    ['text', { content: 'other' }],
    ['seq', { seq: null }],
    ['attachment', { attachment: { id: 1, name: 'a.txt', size: 1, mimeType: 'text/plain' } }],
  ])('a group is rendered again if the %s of a message changed', (_name, changes) => {
    const before = render([], ...first())
    const after = render(before, item(1), item(2, changes), item(20))
    expect(groupsOf(after)[0]).not.toBe(groupsOf(before)[0])
    expect(groupsOf(after)[0]?.items[1]).toMatchObject(changes)
    expect(groupsOf(after)[1]).toBe(groupsOf(before)[1])
  })

  test('older messages above leave the groups below as they are', () => {
    const before = render([], ...first())
    const after = render(before, item(-10), ...first())
    expect(groupsOf(after).slice(1)).toEqual(groupsOf(before))
    expect(groupsOf(after)[2]).toBe(groupsOf(before)[1])
  })
})
