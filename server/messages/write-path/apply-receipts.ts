// Decides on a batch of read receipts under the locks of their conversations. A read position only moves forward, never
// past the last message; an agent who only views a conversation marks nothing. A rejected receipt does not fail the
// others.

import type { Transaction } from '#db/core/database.ts'
import type { ConversationChanges } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { countMessages, hasWritten, type MessagesOfOneSide, markMessagesRead } from '#db/queries/messages.ts'
import type { Receipt } from '#protocol/entities.ts'
import { assertCanView } from '../../conversation-state/access.ts'
import type { Decision, LockedConversations, UnitOfWork } from '../../conversation-state/update-conversations.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import { AppError } from '../../shared/errors.ts'

/** The actor has read the conversation up to `seq`. */
export interface ReadRequest {
  actor: Actor
  conversationId: number
  seq: number
}

export interface AppliedReceipt {
  /** The current read position of the actor's side. */
  receipt: Receipt
  /** Written now, or possibly before an ambiguous commit. */
  shouldPublish: boolean
}

/** One per request, in their order. */
type Outcomes = (AppliedReceipt | AppError)[]

export async function applyReceipts(
  requests: readonly ReadRequest[],
  locked: LockedConversations,
  { trx, isRetry }: UnitOfWork,
): Promise<Decision<Outcomes>> {
  const changes = new Map<number, ConversationChanges>()
  const outcomes: Outcomes = []
  for (const { actor, conversationId, seq } of requests) {
    const before = locked.get(conversationId)
    const state = changes.get(conversationId)?.after ?? before
    try {
      assertCanView(actor, state)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      outcomes.push(error)
      continue
    }
    const upToSeq = Math.min(seq, state.lastSeq)
    const readSeq = isCustomer(actor) ? state.customerReadSeq : state.agentReadSeq
    if (upToSeq <= readSeq || !(await isParticipant(trx, actor, state))) {
      // The position may come from this very batch, after an ambiguous commit.
      outcomes.push({ receipt: currentReceipt(actor, state), shouldPublish: isRetry })
      continue
    }
    const after = advanceReadPosition(actor, state, upToSeq)
    changes.set(conversationId, { before: before as LockedConversation, after })
    outcomes.push({ receipt: currentReceipt(actor, after), shouldPublish: true })
  }
  const conversations = [...changes.values()]
  await markReadAndCountUnread(trx, conversations)
  return { changes: conversations, result: outcomes }
}

async function isParticipant(trx: Transaction, actor: Actor, state: LockedConversation): Promise<boolean> {
  if (isCustomer(actor)) return state.customerBlockedAt === null
  if (state.agentId === actor.userId) return true
  return actor.role === 'admin' && (await hasWritten(trx, state.id, actor.userId))
}

function advanceReadPosition(actor: Actor, state: LockedConversation, upToSeq: number): LockedConversation {
  const { now } = state
  const version = state.version + 1
  return isCustomer(actor)
    ? { ...state, version, customerReadSeq: upToSeq, customerReadAt: now }
    : { ...state, version, agentReadSeq: upToSeq, agentReadBy: actor.userId, agentReadAt: now }
}

const sides = [
  { readSeq: 'customerReadSeq', unread: 'customerUnread', sender: 'agent' },
  { readSeq: 'agentReadSeq', unread: 'agentUnread', sender: 'customer' },
] as const

/**
 * Marks the newly read messages and sets the unread counts of `after`. Counts the shorter range, read or unread, of
 * each.
 */
async function markReadAndCountUnread(trx: Transaction, conversations: readonly ConversationChanges[]): Promise<void> {
  const counted: { range: MessagesOfOneSide; apply(count: number): void }[] = []
  for (const { before, after } of conversations) {
    for (const { readSeq, unread, sender } of sides) {
      const [from, to] = [before[readSeq], after[readSeq]]
      if (from === to) continue
      const messages = { conversationId: after.id, customerId: after.customerId, side: sender }
      const readRange = { ...messages, afterSeq: from, upToSeq: to }
      const unreadRange = { ...messages, afterSeq: to, upToSeq: after.lastSeq }
      await markMessagesRead(trx, readRange)
      after[unread] = 0
      if (to === after.lastSeq) continue
      if (to - from < after.lastSeq - to) {
        counted.push({
          range: readRange,
          apply: (count) => Object.assign(after, { [unread]: Math.max(0, before[unread] - count) }),
        })
      } else {
        counted.push({ range: unreadRange, apply: (count) => Object.assign(after, { [unread]: count }) })
      }
    }
  }
  const counts = await countMessages(
    trx,
    counted.map(({ range }) => range),
  )
  counted.forEach(({ apply }, index) => {
    apply(counts[index] as number)
  })
}

/** The current read position of the actor's side. */
function currentReceipt(actor: Actor, state: LockedConversation): Receipt {
  const position = isCustomer(actor)
    ? { seq: state.customerReadSeq, readAt: state.customerReadAt }
    : { seq: state.agentReadSeq, readAt: state.agentReadAt }
  return {
    conversationId: state.id,
    readerId: actor.userId,
    readerRole: actor.role,
    seq: position.seq,
    readAt: position.readAt ?? state.now,
  }
}
