// Changes a conversation's state for a request: checks the actor again, updates the conversation, returns it in the
// actor's view.

import type { Conversation, ConversationChange } from '#protocol/entities.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { type Decide, updateConversations } from './update-conversations.ts'
import { conversationView } from './views.ts'

export async function changeConversation(
  app: App,
  actor: Actor,
  conversationId: number,
  change: Exclude<ConversationChange, 'created' | 'message' | 'read'>,
  decide: Decide,
): Promise<{ conversation: Conversation }> {
  const conversations = await updateConversations(app, [conversationId], decide, {
    change,
    async authorize(trx) {
      await assertStillMay(trx, actor)
    },
  })
  const conversation = conversations.get(conversationId)
  if (!conversation) throw new AppError('not_found', 'There is no such conversation.')
  return { conversation: conversationView(actor, conversation) }
}
