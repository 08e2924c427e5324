// Writes a batch of messages in one transaction: conversations locked in id order, what becomes of each message decided under the locks,
// one insert, one update. A message that may not be written fails alone.

import type { Transaction } from '#db/core/database.ts'
import { linkAttachment, lockAttachments } from '#db/queries/attachments.ts'
import { saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import { insertMessages, selectExistingMessages } from '#db/queries/messages.ts'
import { AppError } from '../../shared/errors.ts'
import { type Appended, keyOf, keyOfSend, type PlannedAppends, planAppends, type Send } from './plan-appends.ts'

/** `conversations` are all that were locked, those that nothing was written in included. */
export type AppendedBatch = Pick<PlannedAppends, 'outcomes' | 'changes' | 'conversations'>

export async function appendLocked(trx: Transaction, sends: readonly Send[], again: boolean): Promise<AppendedBatch> {
  const keys = sends.map(keyOfSend)
  const locked = await lockConversations(
    trx,
    keys.map((key) => key.conversationId),
  )
  const attachments = await lockAttachments(
    trx,
    sends.flatMap(({ attachmentId }) => attachmentId ?? []),
  )
  const standing = { locked, attachments, again }
  // Nearly all are new, and the unique key tells of those that are not. What is there is looked up only then, and where one is refused:
  // what may not be written any more may have been written before.
  const asNew = planAppends(sends, { ...standing, known: new Map() })
  if (!again && !asNew.outcomes.some(isRefused) && (await write(trx, asNew))) return withUnchanged(asNew, locked)
  const known = new Map((await selectExistingMessages(trx, keys)).map((message) => [keyOf(message), message]))
  const decided = planAppends(sends, { ...standing, known })
  if (await write(trx, decided)) return withUnchanged(decided, locked)
  throw new Error('a message is there already, and not to be found')
}

function withUnchanged(decided: PlannedAppends, locked: ReadonlyMap<number, LockedConversation>): AppendedBatch {
  const written = new Set(decided.conversations.map(({ after }) => after.id))
  const unchanged = [...locked.values()].filter(({ id }) => !written.has(id))
  return {
    ...decided,
    conversations: [...decided.conversations, ...unchanged.map((as) => ({ before: as, after: as }))],
  }
}

const isRefused = (outcome: Appended | AppError) => outcome instanceof AppError

/** False when one is there already, and nothing was written. */
async function write(trx: Transaction, { rows, outcomes, conversations }: PlannedAppends): Promise<boolean> {
  if (rows.length === 0) return true
  const firstId = await insertMessages(trx, rows)
  if (firstId === undefined) return false
  let id = firstId
  for (const outcome of outcomes) {
    if (outcome instanceof AppError || outcome.existed) continue
    const { message } = outcome
    message.id = id++
    if (message.attachment) await linkAttachment(trx, message.attachment.id, message.id)
  }
  await saveConversations(trx, conversations)
  return true
}
