// Checks that the actor may view a conversation, for requests that need no more of it than its own row.

import { findConversationState, type VisibleConversation } from '#db/queries/conversations.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { assertCanView } from './access.ts'

/** Throws the same not_found for a conversation that does not exist and for one that the actor may not view. */
export async function assertVisible(
  app: Pick<App, 'db'>,
  actor: Actor,
  conversationId: number,
): Promise<VisibleConversation> {
  const conversation = await findConversationState(app.db, conversationId)
  assertCanView(actor, conversation)
  return conversation
}
