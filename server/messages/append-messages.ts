// Writes a batch of messages in one transaction: conversations locked in id order, state and access decided under the locks, seq and
// version given there, known client ids answered with what is there. A message that may not be written fails alone.

import { type AgentPresence, listPresence } from '#db/agents.ts'
import { giveAttachment, lockAttachments } from '#db/attachments.ts'
import { type ConversationState, lockConversations, saveConversations } from '#db/conversations.ts'
import type { Transaction } from '#db/database.ts'
import { insertMessages, listKnownMessages, type MessageKey, type NewMessage } from '#db/messages.ts'
import { listBlocked } from '#db/users.ts'
import type { Attachment, Message, MessageType } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import { type Actor, isCustomer } from '../actor.ts'
import { takeAttachment } from '../attachments/take-attachment.ts'
import { assertMayHandle } from '../conversations/access.ts'
import { intoQueue, reopened } from '../conversations/states.ts'
import { AppError } from '../errors.ts'

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

export interface AppendedBatch {
  /** One for each send, in their order. */
  outcomes: (Appended | AppError)[]
  /** Conversations whose state the messages changed, and how. */
  changes: Map<number, 'reopened' | 'released'>
}

const keyOf = (key: MessageKey) => `${key.conversationId} ${key.senderId} ${key.clientMessageId}`

export async function appendMessages(trx: Transaction, sends: readonly Send[], again: boolean): Promise<AppendedBatch> {
  const keys = sends.map(({ actor, conversationId, clientMessageId }) => ({
    conversationId,
    senderId: actor.userId,
    clientMessageId,
  }))
  const locked = await lockConversations(
    trx,
    keys.map((key) => key.conversationId),
  )
  const states = new Map([...locked].map(([id, { state }]) => [id, { ...state }]))
  const known = new Map((await listKnownMessages(trx, keys)).map((message) => [keyOf(message), message]))
  const blocked = await listBlocked(
    trx,
    sends
      .map((send) => send.actor)
      .filter(isCustomer)
      .map((actor) => actor.userId),
  )
  const presence = await presenceFor(trx, sends, states)
  const attachments = await lockAttachments(
    trx,
    sends.flatMap(({ attachmentId }) => attachmentId ?? []),
  )

  const rows: NewMessage[] = []
  const changes: AppendedBatch['changes'] = new Map()
  const outcomes = sends.map((send, index): Appended | AppError => {
    const key = keys[index] as MessageKey
    try {
      const there = known.get(keyOf(key))
      const conversation = states.get(send.conversationId)
      if (there) return { message: there, existed: true, isNews: again }
      assertMaySend(send.actor, conversation, blocked)
      const attachment = takeAttachment(send, attachments)
      const now = locked.get(conversation.id)?.now as string
      const change = isCustomer(send.actor) ? wake(conversation, presence, now) : null
      if (change) changes.set(conversation.id, change)
      const row = nextRow(conversation, send, attachment, now)
      rows.push(row)
      const message = asMessage(row, send.actor, attachment)
      known.set(keyOf(key), message)
      return { message, existed: false, isNews: true }
    } catch (error) {
      if (error instanceof AppError) return error
      throw error
    }
  })
  await save(trx, rows, states, outcomes)
  return { outcomes, changes }
}

async function save(
  trx: Transaction,
  rows: NewMessage[],
  states: Map<number, ConversationState>,
  outcomes: AppendedBatch['outcomes'],
) {
  if (rows.length === 0) return
  const firstId = await insertMessages(trx, rows)
  const written = outcomes.filter((outcome): outcome is Appended => !(outcome instanceof AppError) && !outcome.existed)
  written.forEach((outcome, index) => {
    outcome.message.id = firstId + index
  })
  for (const { message } of written) {
    if (message.attachment) await giveAttachment(trx, message.attachment.id, message.id)
  }
  const touched = new Set(rows.map((row) => row.conversationId))
  await saveConversations(
    trx,
    [...states.values()].filter((state) => touched.has(state.id)),
  )
}

function assertMaySend(
  actor: Actor,
  conversation: ConversationState | undefined,
  blocked: ReadonlySet<number>,
): asserts conversation is ConversationState {
  assertMayHandle(actor, conversation)
  if (isCustomer(actor)) {
    if (blocked.has(actor.userId)) throw new AppError('forbidden', 'You cannot write here any more.')
  } else if (conversation.status === 'closed') {
    throw new AppError('conversation_closed', 'The conversation is closed.')
  }
}

/** What a customer's words do to a conversation: a closed one reopens; one whose agent has been away too long is queued again. */
function wake(
  conversation: ConversationState,
  presence: ReadonlyMap<number, AgentPresence>,
  now: string,
): 'reopened' | 'released' | null {
  const agent = conversation.agentId === null ? undefined : presence.get(conversation.agentId)
  if (conversation.status === 'closed') {
    Object.assign(conversation, reopened(now, conversation.agentId, agent?.status === 'online'))
    return 'reopened'
  }
  if (conversation.status === 'pending' && isAbsent(agent, now)) {
    Object.assign(conversation, intoQueue(now))
    return 'released'
  }
  return null
}

function isAbsent(agent: AgentPresence | undefined, now: string): boolean {
  if (agent === undefined || agent.lastSeen === null) return true
  return agent.status === 'offline' && Date.parse(now) - Date.parse(agent.lastSeen) >= limits.absentAgentMs
}

/** Presence matters only to customers' messages into conversations that have an agent. */
async function presenceFor(trx: Transaction, sends: readonly Send[], states: Map<number, ConversationState>) {
  const agentIds = new Set<number>()
  for (const send of sends) {
    const agentId = states.get(send.conversationId)?.agentId
    if (isCustomer(send.actor) && agentId) agentIds.add(agentId)
  }
  const rows = await listPresence(trx, [...agentIds])
  return new Map(rows.map((row) => [row.agentId, row]))
}

function nextRow(
  conversation: ConversationState,
  send: Send,
  attachment: Attachment | undefined,
  now: string,
): NewMessage {
  conversation.lastSeq += 1
  conversation.version += 1
  conversation.updatedAt = now
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
    createdAt: now,
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
