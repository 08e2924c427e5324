// The rows of a message list: messages from the server, then unacknowledged entries of
// the outbox. An item keeps its key from sending to read, so its row is never re-created.

import type { Attachment, Message, Role } from '#protocol/entities.ts'
import type { RequestErrorCode } from '../connection/request-error.ts'
import type { OutboxEntry, OutgoingAttachment } from './outbox-store.ts'
import { isRead, type Timeline } from './timeline.ts'

export type ItemStatus = 'sending' | 'sent' | 'read' | 'failed'

export interface TimelineItem {
  key: string
  clientMessageId: string
  /** null until the server has assigned one. */
  seq: number | null
  /** Written by the current user. */
  isOwn: boolean
  senderId: number
  senderRole: Role
  senderName: string
  content: string
  attachment: ItemAttachment | null
  createdAt: string
  status: ItemStatus
  failure: RequestErrorCode | null
}

/** Uploaded, or still local. */
export type ItemAttachment = Attachment | OutgoingAttachment

/** The current user. */
export interface Self {
  id: number
  role: Role
  name: string
}

export function timelineItems(timeline: Timeline, entries: readonly OutboxEntry[], self: Self): TimelineItem[] {
  const items = timeline.messages.map((message) => fromMessage(message, timeline, self))
  // An own message after a gap keeps its place at the end until the missing messages have arrived.
  for (const message of timeline.ahead) {
    if (message.senderId === self.id) items.push({ ...fromMessage(message, timeline, self), seq: null })
  }
  const acknowledged = new Set(items.filter(({ isOwn }) => isOwn).map(({ clientMessageId }) => clientMessageId))
  for (const entry of entries) {
    if (!acknowledged.has(entry.clientMessageId)) items.push(fromEntry(entry, self))
  }
  return items
}

function fromMessage(message: Message, timeline: Timeline, self: Self): TimelineItem {
  const isOwn = message.senderId === self.id
  return {
    key: isOwn ? message.clientMessageId : `${message.senderId}:${message.clientMessageId}`,
    clientMessageId: message.clientMessageId,
    seq: message.seq,
    isOwn,
    senderId: message.senderId,
    senderRole: message.senderRole,
    senderName: message.senderName,
    content: message.content,
    attachment: message.attachment ?? null,
    createdAt: message.createdAt,
    status: isRead(timeline, message) ? 'read' : 'sent',
    failure: null,
  }
}

function fromEntry(entry: OutboxEntry, self: Self): TimelineItem {
  return {
    key: entry.clientMessageId,
    clientMessageId: entry.clientMessageId,
    seq: null,
    isOwn: true,
    senderId: self.id,
    senderRole: self.role,
    senderName: self.name,
    content: entry.content,
    attachment: entry.attachment ?? null,
    createdAt: entry.createdAt,
    status: entry.failure === null ? 'sending' : 'failed',
    failure: entry.failure,
  }
}
