// Optimistic append: writes a batch of messages in one round trip, against cached states. The statement fails as a
// whole if any version changed, a message already exists, or the time is off; the locked append then takes over.

import type { Database } from '#db/core/database.ts'
import { isNotNullViolation } from '#db/core/errors.ts'
import { executeInOneRoundTrip } from '#db/core/transaction.ts'
import { compareAndAppend } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { insertMessagesQuery } from '#db/queries/messages.ts'
import type { Message } from '#protocol/entities.ts'
import type { ConversationCache } from '../../conversation-state/conversation-cache.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'
import { type PlannedAppends, planAppends } from './plan-appends.ts'

/** Text without an attachment, in a cached conversation whose state needs no decision by the database. */
export function canAppendOptimistically(cache: ConversationCache, send: Send): boolean {
  if (send.attachmentId !== undefined) return false
  const conversation = cache.get(send.conversationId)
  if (conversation === undefined || conversation.status === 'closed') return false
  // An offline agent may have become absent since, which only the database knows.
  return conversation.status !== 'pending' || isPresent(conversation.agentPresence)
}

const isPresent = (presence: string | null) => presence === 'online' || presence === 'busy'

/** Null if the batch needs the locked append; then nothing was written. Rejects as executeInOneRoundTrip does. */
export async function appendOptimistic(
  app: { db: Database; conversationCache: ConversationCache },
  sends: readonly Send[],
): Promise<PlannedAppends | null> {
  let clock = app.conversationCache.readClock()
  if (clock === undefined) return null
  const locked = new Map<number, LockedConversation>()
  for (const { conversationId } of sends) {
    const state = app.conversationCache.get(conversationId)
    if (!state) continue
    locked.set(conversationId, state)
    // Never before the last message of a conversation: a new estimate may be behind the previous one.
    if (state.now > clock.now) clock = state
  }
  const planned = planAppends(sends, { locked, clock, attachments: new Map(), existing: new Map(), isRetry: false })
  if (planned.changes.size > 0) return null
  const { rows, conversations } = planned
  const messages: Message[] = []
  for (const outcome of planned.outcomes) {
    if (outcome instanceof AppError) return null
    if (!outcome.isDuplicate) messages.push(outcome.message)
  }
  const [, inserted] = (await executeInOneRoundTrip(app.db, [
    compareAndAppend(app.db, conversations, clock.now),
    insertMessagesQuery(app.db, rows),
  ]).catch((error: unknown) => {
    if (isNotNullViolation(error)) app.conversationCache.invalidateClock()
    throw error
  })) as [unknown, { insertId: number }]
  messages.forEach((message, index) => {
    message.id = inserted.insertId + index
  })
  return planned
}
