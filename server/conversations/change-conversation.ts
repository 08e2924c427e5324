// The one way a conversation's state changes by request: locked, decided on the row as it stands, saved, read, and told after commit.

import { type ConversationState, lockConversations, saveConversations } from '#db/conversations.ts'
import type { Transaction } from '#db/database.ts'
import { inTransaction } from '#db/transaction.ts'
import type { Conversation, ConversationChange } from '#protocol/entities.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { readConversation } from './read.ts'
import type { StateChange } from './states.ts'
import { tellConversation } from './tell.ts'
import { conversationView } from './view.ts'

export interface Decision {
  change: ConversationChange
  set: StateChange
}

/** What happens to a conversation in a state, at the database's time `now`; null when it is so already. Throws to refuse. */
export type Decide = (
  conversation: ConversationState | undefined,
  now: string,
  trx: Transaction,
) => Decision | null | Promise<Decision | null>

export async function changeConversation(
  app: App,
  actor: Actor,
  conversationId: number,
  decide: Decide,
): Promise<{ conversation: Conversation }> {
  const { decision, whole } = await inTransaction(app.db, async (trx) => {
    const locked = (await lockConversations(trx, [conversationId])).get(conversationId)
    const made = await decide(locked?.state, locked?.now ?? '', trx)
    if (made !== null && locked) {
      const { state, now } = locked
      await saveConversations(trx, [{ ...state, ...made.set, version: state.version + 1, updatedAt: now }])
    }
    return { decision: made, whole: await readConversation(trx, conversationId) }
  })
  if (!whole) throw new AppError('not_found', 'There is no such conversation.')
  if (decision !== null) tellConversation(app, whole, decision.change)
  return { conversation: conversationView(actor, whole) }
}
