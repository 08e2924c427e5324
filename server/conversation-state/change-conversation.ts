// The one way a conversation's state changes by request: locked, decided on the row as it stands, saved, read, and told after commit.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { type ConversationChanges, saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import type { Conversation, ConversationChange } from '#protocol/entities.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { readConversation } from './load.ts'
import { publishConversation } from './publish-conversation.ts'
import type { StateChange } from './transitions.ts'
import { conversationView } from './views.ts'

/** What a conversation in this state becomes; null when it is so already. Throws to refuse. */
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
  const { changed, saved, whole } = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    const before = (await lockConversations(trx, [conversationId])).get(conversationId)
    const set = await decide(before, trx)
    const saved: ConversationChanges[] = []
    if (set !== null && before) {
      saved.push({ before, after: { ...before, ...set, version: before.version + 1, updatedAt: before.now } })
      await saveConversations(trx, saved)
    }
    // After an ambiguous commit the change may be there already, told to nobody: told once too often is harmless.
    return { changed: set !== null || again, saved, whole: await readConversation(trx, conversationId) }
  })
  app.conversationCache.note(saved)
  if (!whole) throw new AppError('not_found', 'There is no such conversation.')
  if (changed) publishConversation(app, whole, change)
  return { conversation: conversationView(actor, whole) }
}
