// What one side holds of a conversation's messages, as a pure value: one stretch of seqs without a hole, and what lies ahead of it.
// A message is known by its seq; of two copies the one with the higher version is newer. Nothing out of order is ever shown.

import type { Message, Role } from '#protocol/entities.ts'

export interface Timeline {
  /** In seq order, without a hole. */
  readonly messages: readonly Message[]
  /** Beyond a hole: kept, but not shown before what is missing has come. */
  readonly ahead: readonly Message[]
  /** The newest seq the server has spoken of. */
  readonly lastSeq: number
  /** Every change of the conversation up to this version is in here. */
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

/** The newest seq that is shown, 0 for none. */
export function lastLoadedSeq(timeline: Timeline): number {
  return timeline.messages.at(-1)?.seq ?? 0
}

export function firstLoadedSeq(timeline: Timeline): number {
  return timeline.messages[0]?.seq ?? 0
}

/** Messages told one by one as they happen. They join where they fit and wait ahead where something is missing before them. */
export function addLive(timeline: Timeline, messages: readonly Message[]): Timeline {
  return merge(timeline, messages, firstLoadedSeq(timeline) || 1)
}

/**
 * Messages that were asked for: the newest page, an older one, or what follows the last seq held. On an empty timeline they say where it
 * begins (an empty one: at the first message to come); an older page must end just before the first held seq to be taken.
 */
export function addPage(timeline: Timeline, messages: readonly Message[]): Timeline {
  const lowestSeq = messages.length > 0 ? Math.min(...messages.map(({ seq }) => seq)) : 1
  return merge(timeline, messages, firstLoadedSeq(timeline) || lowestSeq)
}

/** What the server says of the whole conversation: its newest seq and how far each side has read. Older news changes nothing. */
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

/** A change seen as it happened. A version that skips proves nothing of what lies between, so it does not count as synced. */
export function sawVersion(timeline: Timeline, version: number): Timeline {
  return version === timeline.syncedVersion + 1 ? { ...timeline, syncedVersion: version } : timeline
}

/** Everything up to this version has been asked for and has come. */
export function syncedTo(timeline: Timeline, version: number): Timeline {
  return { ...timeline, syncedVersion: Math.max(timeline.syncedVersion, version) }
}

/** Whether the server has messages after the last one shown. */
export function hasGap(timeline: Timeline): boolean {
  return timeline.ahead.length > 0 || timeline.lastSeq > lastLoadedSeq(timeline)
}

/** Read by the other side: by the message's own mark, or by how far that side has read. */
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
