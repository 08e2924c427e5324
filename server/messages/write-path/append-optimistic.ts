// Writes a batch of messages in one trip, where nothing has to be asked first: all are words of people who may write, in conversations that
// stand as this node left them. The database refuses the whole batch where one stands otherwise by now, has the message already, or where its
// time is another.

import { isNotNullViolation } from '#db/core/errors.ts'
import { executeInOneRoundTrip } from '#db/core/transaction.ts'
import { compareAndAppend } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { insertMessagesQuery } from '#db/queries/messages.ts'
import type { Message } from '#protocol/entities.ts'
import type { App } from '../../context.ts'
import { AppError } from '../../shared/errors.ts'
import type { ConversationCache } from './conversation-cache.ts'
import { type PlannedAppends, planAppends, type Send } from './plan-appends.ts'

/** Whether a message may be written this way, as far as its conversation is known. */
export function canAppendOptimistically(known: ConversationCache, send: Send): boolean {
  if (send.attachmentId !== undefined) return false
  const conversation = known.find(send.conversationId)
  if (conversation === undefined || conversation.status === 'closed') return false
  // Who is away may have been so for too long by now, which is for the database to say.
  return conversation.status !== 'pending' || isHere(conversation.agentPresence)
}

const isHere = (presence: string | null) => presence === 'online' || presence === 'busy'

/** What was written; null when it has to be decided under locks, and nothing was. Rejects as executeInOneRoundTrip does. */
export async function appendOptimistic(
  app: Pick<App, 'db' | 'known'>,
  sends: readonly Send[],
): Promise<PlannedAppends | null> {
  let time = app.known.time()
  if (time === undefined) return null
  const locked = new Map<number, LockedConversation>()
  for (const { conversationId } of sends) {
    const state = app.known.find(conversationId)
    if (!state) continue
    locked.set(conversationId, state)
    // Never before what was last said there: the time may be known less well than it was.
    if (state.now > time.now) time = state
  }
  const decided = planAppends(sends, { locked, time, attachments: new Map(), known: new Map(), again: false })
  if (decided.changes.size > 0) return null
  const { rows, conversations } = decided
  const messages: Message[] = []
  for (const outcome of decided.outcomes) {
    if (outcome instanceof AppError) return null
    if (!outcome.existed) messages.push(outcome.message)
  }
  const [, inserted] = (await executeInOneRoundTrip(app.db, [
    compareAndAppend(app.db, conversations, time.now),
    insertMessagesQuery(app.db, rows),
  ]).catch((refused: unknown) => {
    if (isNotNullViolation(refused)) app.known.invalidateClock()
    throw refused
  })) as [unknown, { insertId: number }]
  messages.forEach((message, index) => {
    message.id = inserted.insertId + index
  })
  return decided
}
