// Returns one conversation to an actor who may view it.

import type { Conversation } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import { assertCanView } from '../conversation-state/access.ts'
import { loadConversation } from '../conversation-state/load.ts'
import { type ConversationWithLastMessage, conversationView } from '../conversation-state/views.ts'
import type { Actor } from '../shared/actor.ts'

/** Throws the same not_found for a conversation that does not exist and for one that the actor may not view. */
export async function loadVisible(
  app: App,
  actor: Actor,
  conversationId: number,
): Promise<ConversationWithLastMessage> {
  const conversation = await loadConversation(app.db, conversationId)
  assertCanView(actor, conversation?.record)
  return conversation as ConversationWithLastMessage
}

export async function getConversation(
  app: App,
  actor: Actor,
  { conversationId }: { conversationId: number },
): Promise<{ conversation: Conversation }> {
  return { conversation: conversationView(actor, await loadVisible(app, actor, conversationId)) }
}
