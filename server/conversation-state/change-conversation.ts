// Changes a conversation's state for a request: decided on the locked row, published after commit, returned in the
// actor's view.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { type ConversationChanges, saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import type { Conversation, ConversationChange } from '#protocol/entities.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { loadConversation } from './load.ts'
import { publishConversation } from './publish-conversation.ts'
import type { StateChange } from './transitions.ts'
import { conversationView } from './views.ts'

/** The new state for a locked conversation; null if it already has that state. Throws to reject the request. */
export type Decide = (
  conversation: LockedConversation | undefined,
  trx: Transaction,
) => StateChange | null | Promise<StateChange | null>

export async function changeConversation(
  app: App,
  actor: Actor,
  conversationId: number,
  change: Exclude<ConversationChange, 'created' | 'message' | 'read'>,
  decide: Decide,
): Promise<{ conversation: Conversation }> {
  const { isChanged, saved, conversation } = await inTransaction(app.db, async (trx, isRetry) => {
    await assertStillMay(trx, actor)
    const before = (await lockConversations(trx, [conversationId])).get(conversationId)
    const next = await decide(before, trx)
    const saved: ConversationChanges[] = []
    if (next !== null && before) {
      saved.push({ before, after: { ...before, ...next, version: before.version + 1, updatedAt: before.now } })
      await saveConversations(trx, saved)
    }
    // An ambiguous commit may have stored the change unpublished. Publishing it twice is harmless.
    return { isChanged: next !== null || isRetry, saved, conversation: await loadConversation(trx, conversationId) }
  })
  app.conversationCache.put(saved)
  if (!conversation) throw new AppError('not_found', 'There is no such conversation.')
  if (isChanged) publishConversation(app, conversation, change)
  return { conversation: conversationView(actor, conversation) }
}
