// Publishes a committed batch: each new message, in seq order, to the conversation's subscribers and to all of its
// sender's connections.

import {
  type ConversationUpdates,
  type PublishDeps,
  publishMany,
} from '../../conversation-state/publish-conversation.ts'
import type { Send } from '../send.ts'
import type { AppendedBatch } from './message-store.ts'

export interface PublishMessagesDeps extends PublishDeps {
  conversationUpdates: ConversationUpdates
}

export function publishMessages(
  app: PublishMessagesDeps,
  sends: readonly Send[],
  { outcomes, changes }: AppendedBatch,
): void {
  sends.forEach((send, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined || outcome instanceof Error || !outcome.shouldPublish) return
    const { message } = outcome
    app.publish('message:created', { conversationId: message.conversationId, userId: send.actor.userId }, message)
    if (!changes.has(message.conversationId)) app.conversationUpdates.schedule(message.conversationId, 'message')
  })
  for (const [conversationId, change] of changes) void publishMany(app, [conversationId], change)
}
