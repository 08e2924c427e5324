// Changes a conversation's state for a request: checks the actor again, updates the conversation, returns it in the
// actor's view.

import type { Transaction } from '#db/core/database.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import type { Conversation, ConversationChange } from '#protocol/entities.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { loadConversation } from './load.ts'
import { publishConversation } from './publish-conversation.ts'
import type { StateChange } from './transitions.ts'
import { inUnitOfWork } from './update-conversations.ts'
import { conversationView } from './views.ts'

/** The new state of a locked conversation; null if it already has that state. Throws to reject the request. */
type DecideChange = (
  conversation: LockedConversation | undefined,
  trx: Transaction,
) => StateChange | null | Promise<StateChange | null>

export async function changeConversation(
  app: App,
  actor: Actor,
  conversationId: number,
  change: Exclude<ConversationChange, 'created' | 'message' | 'read'>,
  decide: DecideChange,
  /** Locks further users, whose rows come before the conversation's. */
  lockUsers: (trx: Transaction) => Promise<void> = async () => {},
): Promise<{ conversation: Conversation }> {
  const conversation = await inUnitOfWork(app, async ({ trx, isRetry, update, afterCommit }) => {
    await assertStillMay(trx, actor)
    await lockUsers(trx)
    const isChanged = await update([conversationId], async (locked) => {
      const before = locked.get(conversationId)
      const next = await decide(before, trx)
      if (next === null || before === undefined) return { changes: [], result: false }
      const after = { ...before, ...next, version: before.version + 1, updatedAt: before.now }
      return { changes: [{ before, after }], result: true }
    })
    const conversation = await loadConversation(trx, conversationId)
    // An ambiguous commit may have stored the change unpublished. Publishing it twice is harmless.
    if (conversation && (isChanged || isRetry)) afterCommit(() => publishConversation(app, conversation, change))
    return conversation
  })
  if (!conversation) throw new AppError('not_found', 'There is no such conversation.')
  return { conversation: conversationView(actor, conversation) }
}
