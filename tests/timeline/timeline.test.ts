// The timeline is a pure value: for events in any order it shows each message once, by seq, without a gap.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '#protocol/entities.ts'
import {
  addHead,
  addLive,
  addPage,
  emptyTimeline,
  hasGap,
  isRead,
  lastLoadedSeq,
  sawVersion,
  syncedTo,
  type Timeline,
} from '../../client-web/shared/timeline/timeline.ts'

function newMessage(seq: number, overrides: Partial<Message> = {}): Message {
  return {
    id: seq,
    conversationId: 1,
    seq,
    clientMessageId: `m${seq}`,
    senderId: 7,
    senderRole: 'customer',
    senderName: 'Li Lei',
    type: 'text',
    content: `message ${seq}`,
    isRead: false,
    version: seq,
    createdAt: new Date(1_700_000_000_000 + seq).toISOString(),
    ...overrides,
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => newMessage(from + i))
const shown = (timeline: Timeline) => timeline.messages.map(({ seq }) => seq)

describe('timeline', () => {
  test('a repeated message is one message', () => {
    const once = addLive(emptyTimeline, [newMessage(1)])
    expect(shown(addLive(once, [newMessage(1)]))).toEqual([1])
  })

  test('the higher version of two copies wins, whichever came first', () => {
    const older = newMessage(1, { version: 3, content: 'older' })
    const newer = newMessage(1, { version: 5, content: 'newer' })
    expect(addLive(addLive(emptyTimeline, [older]), [newer]).messages[0]?.content).toBe('newer')
    expect(addLive(addLive(emptyTimeline, [newer]), [older]).messages[0]?.content).toBe('newer')
  })

  test('a message behind a gap waits until the gap is filled', () => {
    const held = addPage(emptyTimeline, range(1, 3))
    const ahead = addLive(held, [newMessage(5)])
    expect(shown(ahead)).toEqual([1, 2, 3])
    expect(hasGap(ahead)).toBe(true)
    const filled = addPage(ahead, [newMessage(4)])
    expect(shown(filled)).toEqual([1, 2, 3, 4, 5])
    expect(hasGap(filled)).toBe(false)
  })

  test('a head beyond the last message is a gap until the messages arrive', () => {
    const behind = addHead(addPage(emptyTimeline, range(1, 3)), { lastSeq: 4 })
    expect(hasGap(behind)).toBe(true)
    expect(hasGap(addLive(behind, [newMessage(4)]))).toBe(false)
  })

  test('an empty first page is no gap, and later messages are shown', () => {
    const empty = addPage(emptyTimeline, [])
    expect(hasGap(empty)).toBe(false)
    expect(shown(addLive(empty, [newMessage(1)]))).toEqual([1])
  })

  test('events received before the first page are merged into it', () => {
    const early = addLive(emptyTimeline, [newMessage(81)])
    expect(shown(early)).toEqual([])
    expect(shown(addPage(early, range(31, 80)))).toEqual(range(31, 81).map(({ seq }) => seq))
  })

  test('an older page is joined before the first message; one that does not touch it is ignored', () => {
    const newest = addPage(emptyTimeline, range(51, 60))
    expect(shown(addPage(newest, range(41, 50)))).toEqual(range(41, 60).map(({ seq }) => seq))
    expect(shown(addPage(newest, range(21, 30)))).toEqual(shown(newest))
  })

  test('a change of an older message creates no gap', () => {
    const newest = addPage(emptyTimeline, range(51, 60))
    expect(shown(addPage(newest, [newMessage(12, { version: 99 }), newMessage(61)]))).toEqual([...shown(newest), 61])
  })

  test("read state follows the other side, by the message's own mark or that side's read position", () => {
    const timeline = addHead(
      addPage(emptyTimeline, [...range(1, 2), newMessage(3, { senderRole: 'agent', senderId: 9 })]),
      { agentReadSeq: 1 },
    )
    const [first, second, answer] = timeline.messages as [Message, Message, Message]
    expect([first, second, answer].map((message) => isRead(timeline, message))).toEqual([true, false, false])
    expect(isRead(addHead(timeline, { customerReadSeq: 3 }), answer)).toBe(true)
    expect(isRead(timeline, { ...second, isRead: true })).toBe(true)
    expect(addHead(timeline, { agentReadSeq: 0 }).agentReadSeq).toBe(1)
  })

  test('a skipped version does not count as synced; the next in line and a reply do', () => {
    const synced = syncedTo(emptyTimeline, 4)
    expect(sawVersion(synced, 6).syncedVersion).toBe(4)
    expect(sawVersion(synced, 5).syncedVersion).toBe(5)
    expect(syncedTo(synced, 9).syncedVersion).toBe(9)
    expect(syncedTo(synced, 2).syncedVersion).toBe(4)
  })

  test('any order with any repeats gives the same messages', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((count) =>
          fc.tuple(
            fc.constant(count),
            fc.shuffledSubarray(
              range(1, count).flatMap((message) => [message, message]),
              { minLength: count * 2 },
            ),
          ),
        ),
        ([count, news]) => {
          let timeline: Timeline = emptyTimeline
          for (const message of news) {
            timeline = addLive(timeline, [message])
            expect(shown(timeline)).toEqual(range(1, lastLoadedSeq(timeline)).map(({ seq }) => seq))
          }
          expect(shown(timeline)).toEqual(range(1, count).map(({ seq }) => seq))
          expect(timeline.ahead).toEqual([])
        },
      ),
    )
  })
})
