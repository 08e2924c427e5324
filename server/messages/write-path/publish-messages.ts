// Tells what a committed batch brought: each new message, in seq order, to who is subscribed and to its sender's other connections.

import type { App } from '../../context.ts'
import { type ConversationUpdates, publishStatus } from '../../conversation-state/publish-conversation.ts'
import { AppError } from '../../shared/errors.ts'
import type { AppendedBatch } from './append-locked.ts'
import type { Appended, Send } from './plan-appends.ts'

export function publishMessages(
  app: Pick<App, 'db' | 'publish' | 'publishedVersions' | 'log'>,
  teller: ConversationUpdates,
  sends: readonly Send[],
  outcomes: readonly (Appended | AppError)[],
  changes: AppendedBatch['changes'],
): void {
  sends.forEach((send, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined || outcome instanceof AppError || !outcome.isNews) return
    const { message } = outcome
    app.publish('message:created', { conversationId: message.conversationId, userId: send.actor.userId }, message)
    if (!changes.has(message.conversationId)) teller.soon(message.conversationId, 'message')
  })
  for (const [conversationId, change] of changes) void publishStatus(app, conversationId, change)
}
