// Whether the actor may see a conversation, by its own row alone: what a request asks that reads or tells no more of it.

import { findConversationState, type VisibleConversation } from '#db/queries/conversations.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { assertCanView } from './access.ts'

/** Throws not_found alike for what does not exist and what is not the actor's. */
export async function assertVisible(
  app: Pick<App, 'db'>,
  actor: Actor,
  conversationId: number,
): Promise<VisibleConversation> {
  const conversation = await findConversationState(app.db, conversationId)
  assertCanView(actor, conversation)
  return conversation
}
