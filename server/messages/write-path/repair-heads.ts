// Corrects locked conversations that are behind their own messages. Only a database that lost commits has them. Without
// this, every send in them would collide with a stored seq.

import type { Transaction } from '#db/core/database.ts'
import { countMessages, selectStoredHeads } from '#db/queries/messages.ts'
import type { LockedConversations } from '../../conversation-state/update-conversations.ts'

/** The states as their messages require them. */
export async function repairHeads(trx: Transaction, locked: LockedConversations): Promise<LockedConversations> {
  const repaired = new Map(locked)
  for (const { conversationId, ...stored } of await selectStoredHeads(trx, [...locked.keys()])) {
    const state = locked.get(conversationId)
    if (state === undefined || stored.lastSeq <= state.lastSeq) continue
    const range = { conversationId, customerId: state.customerId, upToSeq: stored.lastSeq }
    const [agentUnread = 0, customerUnread = 0] = await countMessages(trx, [
      { ...range, side: 'customer', afterSeq: state.agentReadSeq },
      { ...range, side: 'agent', afterSeq: state.customerReadSeq },
    ])
    const version = Math.max(stored.version, state.version)
    repaired.set(conversationId, { ...state, lastSeq: stored.lastSeq, version, agentUnread, customerUnread })
  }
  return repaired
}
