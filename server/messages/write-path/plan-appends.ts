// What becomes of each message of a batch, decided on the rows as they stand: who may write, what is there already, seq and version, and what a
// customer's words do to the conversation's state. Writes nothing.

import type { LockedAttachment } from '#db/queries/attachments.ts'
import { type ConversationChanges, throttleTimestamp } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import type { MessageKey, NewMessage } from '#db/queries/messages.ts'
import type { Attachment, Message, MessageType } from '#protocol/entities.ts'
import { assertCanManage } from '../../conversation-state/access.ts'
import { reopen, requeue } from '../../conversation-state/transitions.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import { AppError } from '../../shared/errors.ts'
import { claimAttachment } from './claim-attachment.ts'
import type { Moment } from './database-clock.ts'

export interface Send {
  actor: Actor
  conversationId: number
  clientMessageId: string
  type: MessageType
  /** '' of a picture or file without a caption: its name stands there. */
  content: string
  /** Of a picture or file alone. */
  attachmentId?: number | undefined
}

export interface Appended {
  message: Message
  /** It was there already: nothing was written. */
  existed: boolean
  /** Written now, or perhaps by the same batch before an ambiguous commit: told once too often is harmless, never is not. */
  isNews: boolean
}

export interface PlannedAppends {
  /** One for each send, in their order. New messages have no id yet. */
  outcomes: (Appended | AppError)[]
  /** Conversations whose state the messages changed, and how. */
  changes: Map<number, 'queued' | 'reopened' | 'released'>
  rows: NewMessage[]
  /** Those that were written in. */
  conversations: ConversationChanges[]
}

/** What a message is known by for ever. */
export const keyOf = ({ conversationId, senderId, clientMessageId }: MessageKey): string =>
  `${conversationId} ${senderId} ${clientMessageId}`

export const keyOfSend = ({ actor, conversationId, clientMessageId }: Send): MessageKey => ({
  conversationId,
  senderId: actor.userId,
  clientMessageId,
})

/** What stands in the database, under its locks, or is taken to stand there. */
export interface Standing {
  locked: ReadonlyMap<number, LockedConversation>
  /** The database's time, where the rows have been known for longer. */
  time?: Moment
  attachments: ReadonlyMap<number, LockedAttachment>
  /** What is there already, by keyOf. */
  known: ReadonlyMap<string, Message>
  /** What is there may be this batch's own, before an ambiguous commit. */
  again: boolean
}

interface Written extends ConversationChanges {
  messages: Message[]
}

export function planAppends(
  sends: readonly Send[],
  { locked, time, attachments, known, again }: Standing,
): PlannedAppends {
  const taken = new Set<number>()
  const rows: NewMessage[] = []
  const written = new Map<number, Written>()
  const changes: PlannedAppends['changes'] = new Map()

  function append(send: Send): Message {
    const one = written.get(send.conversationId)
    const standing = one?.after ?? locked.get(send.conversationId)
    assertMaySend(send.actor, standing)
    const attachment = claimAttachment(send, attachments, taken)
    const { after, messages } = one ?? begin(standing)
    const change = enqueue(after) ?? (isCustomer(send.actor) ? wake(after) : null)
    if (change) changes.set(after.id, change)
    const row = nextRow(after, send, attachment)
    rows.push(row)
    const message = asMessage(row, send.actor, attachment)
    messages.push(message)
    return message
  }

  function begin(before: LockedConversation): Written {
    const one = {
      before,
      after: { ...before, ...(time && { now: time.now, receivedAt: time.receivedAt }) },
      messages: [],
    }
    written.set(before.id, one)
    return one
  }

  /** In the database, or earlier in this batch; a conversation has few of one, so that no keys are put together for it. */
  function find({ actor, conversationId, clientMessageId }: Send): Message | undefined {
    const key = { conversationId, senderId: actor.userId, clientMessageId }
    const there = known.size > 0 ? known.get(keyOf(key)) : undefined
    const isIt = (message: Message) => message.clientMessageId === clientMessageId && message.senderId === key.senderId
    return there ?? written.get(conversationId)?.messages.find(isIt)
  }

  const outcomes = sends.map((send): Appended | AppError => {
    const there = find(send)
    if (there) return { message: there, existed: true, isNews: again }
    try {
      return { message: append(send), existed: false, isNews: true }
    } catch (error) {
      if (error instanceof AppError) return error
      throw error
    }
  })
  return { outcomes, changes, rows, conversations: [...written.values()] }
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

/** With its first message a conversation that began without one is put into the queue. */
function enqueue(conversation: LockedConversation): 'queued' | null {
  if (conversation.status !== 'open' || conversation.queuedAt !== null) return null
  Object.assign(conversation, requeue(conversation.now))
  return 'queued'
}

/** What a customer's words do to a conversation: a closed one reopens; one whose agent has been away too long is queued again. */
function wake(conversation: LockedConversation): 'reopened' | 'released' | null {
  if (conversation.status === 'closed') {
    const takesIt = conversation.agentPresence === 'online'
    Object.assign(conversation, reopen(conversation.now, conversation.agentId, takesIt), {
      updatedAt: conversation.now,
    })
    return 'reopened'
  }
  if (conversation.status === 'pending' && isAbsent(conversation.agentPresence)) {
    Object.assign(conversation, requeue(conversation.now), { updatedAt: conversation.now })
    return 'released'
  }
  return null
}

/** One who was never here has no presence at all. */
const isAbsent = (presence: LockedConversation['agentPresence']) => presence === null || presence === 'absent'

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

function asMessage(row: NewMessage, actor: Actor, attachment: Attachment | undefined): Message {
  return {
    id: 0,
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
