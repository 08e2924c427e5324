// Writes a batch of messages in one trip, where nothing has to be asked first: all are words of people who may write, in conversations that
// stand as this node left them. The database refuses the whole batch where one stands otherwise by now, or has the message already.

import { growConversations } from '#db/conversations.ts'
import type { Database } from '#db/database.ts'
import { insertMessagesNow, selectTimeOfInserted } from '#db/messages.ts'
import { inOneTrip } from '#db/transaction.ts'
import type { KnownConversations } from '../conversations/known.ts'
import { AppError } from '../errors.ts'
import { type Appended, type DecidedSends, decideSends, type Send } from './decide-sends.ts'

interface Plain extends DecidedSends {
  outcomes: Appended[]
}

/** Whether a message may be written this way, as far as its conversation is known. */
export function isWellKnown(known: KnownConversations, send: Send): boolean {
  if (send.attachmentId !== undefined) return false
  const conversation = known.find(send.conversationId)
  if (conversation === undefined || conversation.status === 'closed') return false
  // Who is away may have been so for too long by now, which is for the database to say.
  return conversation.status !== 'pending' || isHere(conversation.agentPresence)
}

const isHere = (presence: string | null) => presence === 'online' || presence === 'busy'

/** What was written; null when it has to be decided under locks, and nothing was. Rejects as inOneTrip does. */
export async function appendKnown(
  db: Database,
  known: KnownConversations,
  sends: readonly Send[],
): Promise<Plain | null> {
  const locked = new Map<number, NonNullable<ReturnType<KnownConversations['find']>>>()
  for (const { conversationId } of sends) {
    const state = known.find(conversationId)
    if (state) locked.set(conversationId, state)
  }
  const decided = decideSends(sends, {
    locked,
    attachments: new Map(),
    known: new Map(),
    again: false,
  })
  if (!isPlain(decided)) return null
  await write(db, known, decided)
  return decided
}

const isPlain = (decided: DecidedSends): decided is Plain =>
  decided.changes.size === 0 && !decided.outcomes.some((outcome) => outcome instanceof AppError)

async function write(db: Database, known: KnownConversations, { rows, outcomes, conversations }: Plain) {
  const moves = known.moves(conversations.map(({ after }) => after.id))
  const [, inserted, times] = (await inOneTrip(db, [
    growConversations(db, conversations, { moves }),
    insertMessagesNow(db, rows),
    selectTimeOfInserted(db),
  ])) as [unknown, { insertId: number }, [{ createdAt: string }]]
  let id = inserted.insertId
  for (const { message, existed } of outcomes) {
    if (existed) continue
    message.id = id++
    message.createdAt = times[0].createdAt
  }
  known.grew(conversations)
}
