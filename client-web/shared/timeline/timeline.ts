// The loaded messages of a conversation, as an immutable value: one gapless run of seqs, and messages ahead of it.
// A message is identified by its seq, and the copy with the higher version wins. Nothing is shown out of order.

import type { Message, Role } from '#protocol/entities.ts'

export interface Timeline {
  /** By seq, without gaps. */
  readonly messages: readonly Message[]
  /** After a gap: hidden until the missing messages have arrived. */
  readonly ahead: readonly Message[]
  /** The highest seq that the server has announced. */
  readonly lastSeq: number
  /** All changes up to this version are included. */
  readonly syncedVersion: number
  readonly customerReadSeq: number
  readonly agentReadSeq: number
}

export const emptyTimeline: Timeline = {
  messages: [],
  ahead: [],
  lastSeq: 0,
  syncedVersion: 0,
  customerReadSeq: 0,
  agentReadSeq: 0,
}

/** The newest visible seq; 0 for none. */
export function lastLoadedSeq(timeline: Timeline): number {
  return timeline.messages.at(-1)?.seq ?? 0
}

export function firstLoadedSeq(timeline: Timeline): number {
  return timeline.messages[0]?.seq ?? 0
}

/** Adds messages from events. They are appended if they follow directly, otherwise they wait ahead. */
export function addLive(timeline: Timeline, messages: readonly Message[]): Timeline {
  return merge(timeline, messages, firstLoadedSeq(timeline) || 1)
}

/**
 * Adds a fetched page: the newest, an older one, or what follows the last loaded seq. On an empty timeline
 * it sets the start (an empty page: at seq 1). An older page must end directly before the first loaded seq.
 */
export function addPage(timeline: Timeline, messages: readonly Message[]): Timeline {
  const lowestSeq = messages.length > 0 ? Math.min(...messages.map(({ seq }) => seq)) : 1
  return merge(timeline, messages, firstLoadedSeq(timeline) || lowestSeq)
}

/** Applies the newest seq and the read positions. Lower values are ignored. */
export function addHead(
  timeline: Timeline,
  head: Partial<Pick<Timeline, 'lastSeq' | 'customerReadSeq' | 'agentReadSeq'>>,
): Timeline {
  return {
    ...timeline,
    lastSeq: Math.max(timeline.lastSeq, head.lastSeq ?? 0),
    customerReadSeq: Math.max(timeline.customerReadSeq, head.customerReadSeq ?? 0),
    agentReadSeq: Math.max(timeline.agentReadSeq, head.agentReadSeq ?? 0),
  }
}

/**
 * Applies the version of an event. After a skipped version the
 * changes in between are missing, so it does not count as synced.
 */
export function sawVersion(timeline: Timeline, version: number): Timeline {
  return version === timeline.syncedVersion + 1 ? { ...timeline, syncedVersion: version } : timeline
}

/** Everything up to this version has been fetched. */
export function syncedTo(timeline: Timeline, version: number): Timeline {
  return { ...timeline, syncedVersion: Math.max(timeline.syncedVersion, version) }
}

/** Whether another message has the same seq. Only a database that lost messages gives a seq twice. */
export function contradicts(timeline: Timeline, message: Message): boolean {
  const held =
    timeline.messages[message.seq - firstLoadedSeq(timeline)] ?? timeline.ahead.find(({ seq }) => seq === message.seq)
  return held !== undefined && !isSame(held, message)
}

/** Messages of this sender that are not in the page, although the page begins before them: the database lost them. */
export function lostMessages(timeline: Timeline, page: readonly Message[], senderId: number): Message[] {
  const firstSeq = page[0]?.seq ?? 1
  return [...timeline.messages, ...timeline.ahead].filter(
    (message) =>
      message.senderId === senderId && message.seq >= firstSeq && !page.some((stored) => isSame(stored, message)),
  )
}

const isSame = (one: Message, other: Message) =>
  one.senderId === other.senderId && one.clientMessageId === other.clientMessageId

/** Whether the server has messages after the last visible one. */
export function hasGap(timeline: Timeline): boolean {
  return timeline.ahead.length > 0 || timeline.lastSeq > lastLoadedSeq(timeline)
}

/** Read by the other side, by the message's own flag or by the read position. */
export function isRead(timeline: Timeline, message: Message): boolean {
  return message.isRead || message.seq <= readSeqOfReader(timeline, message.senderRole)
}

function readSeqOfReader(timeline: Timeline, sender: Role): number {
  return sender === 'customer' ? timeline.agentReadSeq : timeline.customerReadSeq
}

function merge(timeline: Timeline, incoming: readonly Message[], start: number): Timeline {
  const bySeq = new Map<number, Message>()
  for (const message of [...timeline.messages, ...timeline.ahead, ...incoming]) {
    const existing = bySeq.get(message.seq)
    if (!existing || existing.version < message.version) bySeq.set(message.seq, message)
  }
  let first = start
  while (bySeq.has(first - 1)) first--
  const messages: Message[] = []
  for (let message = bySeq.get(first); message; message = bySeq.get(message.seq + 1)) messages.push(message)
  const end = messages.at(-1)?.seq ?? first - 1
  const ahead = [...bySeq.values()].filter(({ seq }) => seq > end).sort((a, b) => a.seq - b.seq)
  return addHead({ ...timeline, messages, ahead }, { lastSeq: Math.max(end, ahead.at(-1)?.seq ?? 0) })
}
