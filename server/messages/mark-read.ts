// A reader has seen everything up to a seq. Only forward, never beyond what is there; a colleague who looks in marks nothing.

import { type LockedConversation, lockConversations, saveConversations } from '#db/conversations.ts'
import type { Transaction } from '#db/database.ts'
import { countMessagesAfter, hasWritten, markMessagesRead } from '#db/messages.ts'
import { inTransaction } from '#db/transaction.ts'
import type { Receipt } from '#protocol/entities.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMaySee } from '../conversations/access.ts'

export async function markRead(
  app: App,
  actor: Actor,
  { conversationId, seq }: RequestPayloads['message:mark-read'],
): Promise<{ receipt: Receipt }> {
  const { receipt, moved, saved } = await inTransaction(app.db, async (trx, again) => {
    const state = (await lockConversations(trx, [conversationId])).get(conversationId)
    assertMaySee(actor, state)
    const { now } = state
    const upToSeq = Math.min(seq, state.lastSeq)
    const readSeq = isCustomer(actor) ? state.customerReadSeq : state.agentReadSeq
    if (upToSeq <= readSeq || !(await takesPart(trx, actor, state))) {
      // After an ambiguous commit it may be our own receipt that stands.
      return { receipt: standingReceipt(actor, state, now), moved: again, saved: [] }
    }
    const saved = [{ before: state, after: await readUpTo(trx, actor, state, upToSeq, now) }]
    await saveConversations(trx, saved)
    const told: Receipt = { conversationId, readerId: actor.userId, readerRole: actor.role, seq: upToSeq, readAt: now }
    return { receipt: told, moved: true, saved }
  })
  app.known.note(saved)
  if (moved) {
    app.publish('receipt:updated', { conversationId, userId: actor.userId }, receipt)
    app.teller.soon(conversationId, 'read')
  }
  return { receipt }
}

async function takesPart(trx: Transaction, actor: Actor, state: LockedConversation): Promise<boolean> {
  if (isCustomer(actor) || state.agentId === actor.userId) return true
  return actor.role === 'admin' && (await hasWritten(trx, state.id, actor.userId))
}

async function readUpTo(
  trx: Transaction,
  actor: Actor,
  state: LockedConversation,
  upToSeq: number,
  now: string,
): Promise<LockedConversation> {
  const reader = isCustomer(actor) ? 'customer' : 'agent'
  const side = reader === 'customer' ? 'agent' : 'customer'
  const about = { conversationId: state.id, customerId: state.customerId, side } as const
  const afterSeq = reader === 'customer' ? state.customerReadSeq : state.agentReadSeq
  await markMessagesRead(trx, { ...about, afterSeq, upToSeq })
  const unread = upToSeq === state.lastSeq ? 0 : await countMessagesAfter(trx, { ...about, afterSeq: upToSeq })
  const version = state.version + 1
  return reader === 'customer'
    ? { ...state, version, customerReadSeq: upToSeq, customerReadAt: now, customerUnread: unread }
    : { ...state, version, agentReadSeq: upToSeq, agentReadBy: actor.userId, agentReadAt: now, agentUnread: unread }
}

/** How far the actor's side has read, as it stands. */
function standingReceipt(actor: Actor, state: LockedConversation, now: string): Receipt {
  const standing = isCustomer(actor)
    ? { seq: state.customerReadSeq, readAt: state.customerReadAt }
    : { seq: state.agentReadSeq, readAt: state.agentReadAt }
  return {
    conversationId: state.id,
    readerId: actor.userId,
    readerRole: actor.role,
    seq: standing.seq,
    readAt: standing.readAt ?? now,
  }
}
