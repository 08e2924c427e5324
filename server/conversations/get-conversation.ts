// One conversation, for who may see it.

import type { Conversation } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import { assertCanView } from '../conversation-state/access.ts'
import { readConversation } from '../conversation-state/load.ts'
import { type ConversationWithLastMessage, conversationView } from '../conversation-state/views.ts'
import type { Actor } from '../shared/actor.ts'

/** Throws not_found alike for what does not exist and what is not the actor's. */
export async function readVisible(
  app: App,
  actor: Actor,
  conversationId: number,
): Promise<ConversationWithLastMessage> {
  const whole = await readConversation(app.db, conversationId)
  assertCanView(actor, whole?.record)
  return whole as ConversationWithLastMessage
}

export async function getConversation(
  app: App,
  actor: Actor,
  { conversationId }: { conversationId: number },
): Promise<{ conversation: Conversation }> {
  return { conversation: conversationView(actor, await readVisible(app, actor, conversationId)) }
}
