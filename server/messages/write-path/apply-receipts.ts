// Writes a batch of receipts in one transaction. Only forward, never beyond what is there; a colleague who looks in marks nothing. A receipt
// that may not be written fails alone.

import type { Transaction } from '#db/core/database.ts'
import { type ConversationChanges, saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import { countMessages, hasWritten, type MessagesOfOneSide, markMessagesRead } from '#db/queries/messages.ts'
import type { Receipt } from '#protocol/entities.ts'
import { assertCanView } from '../../conversation-state/access.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import { AppError } from '../../shared/errors.ts'

/** Who has read what up to where. */
export interface Read {
  actor: Actor
  conversationId: number
  seq: number
}

export interface Marked {
  /** How far the actor's side has read, as it stands. */
  receipt: Receipt
  /** Written now, or perhaps before an ambiguous commit. */
  isNews: boolean
}

export interface MarkedReads {
  /** One for each read, in their order. */
  outcomes: (Marked | AppError)[]
  conversations: ConversationChanges[]
}

export async function applyReceipts(trx: Transaction, reads: readonly Read[], again: boolean): Promise<MarkedReads> {
  const locked = await lockConversations(
    trx,
    reads.map(({ conversationId }) => conversationId),
  )
  const changes = new Map<number, ConversationChanges>()
  const outcomes: MarkedReads['outcomes'] = []
  for (const { actor, conversationId, seq } of reads) {
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
      // After an ambiguous commit it may be our own receipt that stands.
      outcomes.push({ receipt: currentReceipt(actor, state), isNews: again })
      continue
    }
    const after = advanceReadPosition(actor, state, upToSeq)
    changes.set(conversationId, { before: before as LockedConversation, after })
    outcomes.push({ receipt: currentReceipt(actor, after), isNews: true })
  }
  const conversations = [...changes.values()]
  await markReadAndCountUnread(trx, conversations)
  await saveConversations(trx, conversations)
  return { outcomes, conversations }
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

const readers = [
  { readSeq: 'customerReadSeq', unread: 'customerUnread', wrote: 'agent' },
  { readSeq: 'agentReadSeq', unread: 'agentUnread', wrote: 'customer' },
] as const

/** Marks what was newly read, and gives `after` what is left unread: of what was read or of what was not, the shorter is counted. */
async function markReadAndCountUnread(trx: Transaction, conversations: readonly ConversationChanges[]): Promise<void> {
  const counted: { range: MessagesOfOneSide; take(n: number): void }[] = []
  for (const { before, after } of conversations) {
    for (const { readSeq, unread, wrote } of readers) {
      const [from, to] = [before[readSeq], after[readSeq]]
      if (from === to) continue
      const about = { conversationId: after.id, customerId: after.customerId, side: wrote }
      const read = { ...about, afterSeq: from, upToSeq: to }
      const left = { ...about, afterSeq: to, upToSeq: after.lastSeq }
      await markMessagesRead(trx, read)
      after[unread] = 0
      if (to === after.lastSeq) continue
      if (to - from < after.lastSeq - to) {
        counted.push({ range: read, take: (n) => Object.assign(after, { [unread]: Math.max(0, before[unread] - n) }) })
      } else {
        counted.push({ range: left, take: (n) => Object.assign(after, { [unread]: n }) })
      }
    }
  }
  const counts = await countMessages(
    trx,
    counted.map(({ range }) => range),
  )
  counted.forEach(({ take }, index) => {
    take(counts[index] as number)
  })
}

/** How far the actor's side has read, as it stands. */
function currentReceipt(actor: Actor, state: LockedConversation): Receipt {
  const standing = isCustomer(actor)
    ? { seq: state.customerReadSeq, readAt: state.customerReadAt }
    : { seq: state.agentReadSeq, readAt: state.agentReadAt }
  return {
    conversationId: state.id,
    readerId: actor.userId,
    readerRole: actor.role,
    seq: standing.seq,
    readAt: standing.readAt ?? state.now,
  }
}
