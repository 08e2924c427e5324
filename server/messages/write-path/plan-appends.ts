// Plans a batch of messages on the current states of their conversations: who may write, duplicates, seq and version,
// and transitions that a customer's message causes. Has no side effects.

import type { LockedAttachment } from '#db/queries/attachments.ts'
import { type ConversationChanges, throttleTimestamp } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import type { MessageKey, NewMessage } from '#db/queries/messages.ts'
import type { QueuePlace } from '#db/queries/queue-places.ts'
import type { Attachment, Message } from '#protocol/entities.ts'
import { assertCanManage } from '../../conversation-state/access.ts'
import { reopen, requeue } from '../../conversation-state/transitions.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'
import { claimAttachment } from './claim-attachment.ts'
import type { ClockReading } from './database-clock.ts'
import type { Appended } from './message-store.ts'

/** A message to insert. It gets its id from the insert. */
interface NewRow {
  row: NewMessage
  actor: Actor
  attachment: Attachment | undefined
}

interface PlannedAppend {
  /** A stored message, or the index of a new row: two sends of a batch may be the same message. */
  message: Message | number
  isDuplicate: boolean
  shouldPublish: boolean
}

export interface PlannedAppends {
  /** One per send, in their order. */
  plans: (PlannedAppend | AppError)[]
  hasRejected: boolean
  /** Transitions that the messages cause, by conversation. */
  changes: Map<number, 'queued' | 'reopened' | 'released'>
  newRows: NewRow[]
  rows: NewMessage[]
  /** Conversations with new messages. */
  conversations: ConversationChanges[]
}

/** A message's unique key in the database. */
export const keyOf = ({ conversationId, senderId, clientMessageId }: MessageKey): string =>
  `${conversationId} ${senderId} ${clientMessageId}`

export const keyOfSend = ({ actor, conversationId, clientMessageId }: Send): MessageKey => ({
  conversationId,
  senderId: actor.userId,
  clientMessageId,
})

/** What the plan starts from: rows under their locks, or cached states. */
export interface BatchState {
  locked: ReadonlyMap<number, LockedConversation>
  /** The database's time, when `locked` holds cached states. */
  clock?: ClockReading
  attachments: ReadonlyMap<number, LockedAttachment>
  /** Stored messages, by keyOf. */
  existing: ReadonlyMap<string, Message>
  /** Of the conversations whose agent is absent. */
  queuePlaces?: ReadonlyMap<number, QueuePlace>
  /** `existing` may hold messages that this batch wrote before an ambiguous commit. */
  isRetry: boolean
}

interface PlannedConversation extends ConversationChanges {
  /** Indexes of its new rows. */
  newRows: number[]
}

export function planAppends(
  sends: readonly Send[],
  { locked, clock, attachments, existing, queuePlaces, isRetry }: BatchState,
): PlannedAppends {
  const claimed = new Set<number>()
  const newRows: NewRow[] = []
  const planned = new Map<number, PlannedConversation>()
  const changes: PlannedAppends['changes'] = new Map()
  let hasRejected = false

  /** Returns the index of the new row. */
  function append(send: Send): number {
    const { actor } = send
    const started = planned.get(send.conversationId)
    const current = started?.after ?? locked.get(send.conversationId)
    assertMaySend(actor, current)
    const attachment = claimAttachment(send, attachments, claimed)
    const conversation = started ?? start(current)
    const { after } = conversation
    const change = enqueue(after) ?? (isCustomer(actor) ? reopenOrRelease(after, unansweredSince(conversation)) : null)
    if (change) changes.set(after.id, change)
    const index = newRows.push({ row: nextRow(after, send, attachment), actor, attachment }) - 1
    conversation.newRows.push(index)
    return index
  }

  /** Since when its customer waits for an agent: an earlier message, or the one that is being planned. */
  function unansweredSince({ after, newRows: own }: PlannedConversation): string {
    const hasNewAnswer = own.some((index) => !isCustomer((newRows[index] as NewRow).actor))
    return (hasNewAnswer ? null : queuePlaces?.get(after.id)?.unansweredSince) ?? after.now
  }

  function start(before: LockedConversation): PlannedConversation {
    const after = { ...before, ...(clock && { now: clock.now, receivedAt: clock.receivedAt }) }
    const conversation = { before, after, newRows: [] }
    planned.set(before.id, conversation)
    return conversation
  }

  /**
   * A stored message, or an earlier one of this batch. A batch has few per conversation, so a scan is cheaper than
   * building keys.
   */
  function findDuplicate({ actor, conversationId, clientMessageId }: Send): Message | number | undefined {
    const key = { conversationId, senderId: actor.userId, clientMessageId }
    const stored = existing.size > 0 ? existing.get(keyOf(key)) : undefined
    return (
      stored ??
      planned.get(conversationId)?.newRows.find((index) => {
        const { row } = newRows[index] as NewRow
        return row.clientMessageId === clientMessageId && row.senderId === key.senderId
      })
    )
  }

  const plans = sends.map((send): PlannedAppend | AppError => {
    const duplicate = findDuplicate(send)
    if (duplicate !== undefined) return { message: duplicate, isDuplicate: true, shouldPublish: isRetry }
    try {
      return { message: append(send), isDuplicate: false, shouldPublish: true }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      hasRejected = true
      return error
    }
  })
  const rows = newRows.map(({ row }) => row)
  return { plans, hasRejected, changes, newRows, rows, conversations: [...planned.values()] }
}

/** The outcomes of a plan whose rows were inserted with these ids. */
export function toAppended({ plans, newRows }: PlannedAppends, ids: readonly number[]): (Appended | AppError)[] {
  const messages = newRows.map((newRow, index) => toMessage(newRow, ids[index] as number))
  return plans.map((plan) => {
    if (plan instanceof AppError) return plan
    const { message, isDuplicate, shouldPublish } = plan
    return {
      message: typeof message === 'number' ? (messages[message] as Message) : message,
      isDuplicate,
      shouldPublish,
    }
  })
}

function assertMaySend(
  actor: Actor,
  conversation: LockedConversation | undefined,
): asserts conversation is LockedConversation {
  assertCanManage(actor, conversation)
  if (!isCustomer(actor) && conversation.status === 'closed') {
    throw new AppError('conversation_closed', 'The conversation is closed.')
  }
}

/** The first message of a conversation that started empty puts it into the queue. */
function enqueue(conversation: LockedConversation): 'queued' | null {
  if (conversation.status !== 'open' || conversation.queuedAt !== null) return null
  Object.assign(conversation, requeue(conversation.now))
  return 'queued'
}

/** A customer's message reopens a closed conversation, and releases one whose agent is absent. */
function reopenOrRelease(conversation: LockedConversation, waitsSince: string): 'reopened' | 'released' | null {
  if (conversation.status === 'closed') {
    const isAgentAvailable = conversation.agentPresence === 'online'
    Object.assign(conversation, reopen(conversation, isAgentAvailable), { updatedAt: conversation.now })
    return 'reopened'
  }
  if (hasAbsentAgent(conversation)) {
    Object.assign(conversation, requeue(waitsSince), { updatedAt: conversation.now })
    return 'released'
  }
  return null
}

/** A customer's message releases it. An agent who never connected has no presence. */
export const hasAbsentAgent = ({ status, agentPresence }: LockedConversation) =>
  status === 'pending' && (agentPresence === null || agentPresence === 'absent')

function nextRow(conversation: LockedConversation, send: Send, attachment: Attachment | undefined): NewMessage {
  conversation.lastSeq += 1
  conversation.version += 1
  conversation.updatedAt = throttleTimestamp(conversation.updatedAt, conversation.now)
  if (isCustomer(send.actor)) conversation.agentUnread += 1
  else conversation.customerUnread += 1
  return {
    conversationId: conversation.id,
    senderId: send.actor.userId,
    clientMessageId: send.clientMessageId,
    seq: conversation.lastSeq,
    version: conversation.version,
    type: send.type,
    content: send.content || (attachment?.name ?? ''),
    createdAt: conversation.now,
  }
}

function toMessage({ row, actor, attachment }: NewRow, id: number): Message {
  return {
    id,
    conversationId: row.conversationId,
    seq: row.seq,
    clientMessageId: row.clientMessageId,
    senderId: row.senderId,
    senderRole: actor.role,
    senderName: actor.name,
    type: row.type,
    content: row.content,
    ...(attachment && { attachment }),
    isRead: false,
    version: row.version,
    createdAt: row.createdAt,
  }
}
