// The unit of work on conversations: lock, decide, save, commit, cache, publish.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { type ConversationChanges, saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import type { App } from '../context.ts'
import { loadConversations } from './load.ts'
import { type PublishedChange, publishConversation } from './publish-conversation.ts'
import type { StateChange } from './transitions.ts'
import type { ConversationWithLastMessage } from './views.ts'

/**
 * The new state for a locked conversation; null if it already has that state. Throws to roll back the whole
 * transaction.
 */
export type Decide = (
  conversation: LockedConversation | undefined,
  trx: Transaction,
) => StateChange | null | Promise<StateChange | null>

interface UpdateOptions {
  /** The change to publish. */
  change: PublishedChange
  /** Runs before the conversations are locked: rows of users and sessions come first in the lock order. */
  authorize?: (trx: Transaction) => Promise<void>
}

/**
 * Resolves after commit with the conversations that exist, changed or not, by id. `decide` also gets `undefined` for
 * those that do not.
 */
export async function updateConversations(
  app: Pick<App, 'db' | 'publish' | 'publishedVersions' | 'conversationCache'>,
  ids: readonly number[],
  decide: Decide,
  { change, authorize }: UpdateOptions,
): Promise<Map<number, ConversationWithLastMessage>> {
  const { saved, changedIds, conversations } = await inTransaction(app.db, async (trx, isRetry) => {
    await authorize?.(trx)
    const locked = await lockConversations(trx, ids)
    const saved: ConversationChanges[] = []
    const changedIds: number[] = []
    for (const id of new Set(ids)) {
      const before = locked.get(id)
      const next = await decide(before, trx)
      if (next !== null && before) {
        saved.push({ before, after: { ...before, ...next, version: before.version + 1, updatedAt: before.now } })
      }
      // An ambiguous commit may have stored the change unpublished. Publishing it twice is harmless.
      if (next !== null || isRetry) changedIds.push(id)
    }
    await saveConversations(trx, saved)
    return { saved, changedIds, conversations: await loadConversations(trx, ids) }
  })
  app.conversationCache.put(saved)
  for (const id of changedIds) {
    const conversation = conversations.get(id)
    if (conversation) publishConversation(app, conversation, change)
  }
  return conversations
}
