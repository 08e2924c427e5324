// Locked append: writes a batch of messages in one transaction. It locks the conversations in id order, plans under the
// locks, inserts once and updates once. A rejected message does not fail the others.

import type { Transaction } from '#db/core/database.ts'
import { linkAttachment, lockAttachments } from '#db/queries/attachments.ts'
import { saveConversations } from '#db/queries/conversation-changes.ts'
import { type LockedConversation, lockConversations } from '#db/queries/conversations.ts'
import { insertMessages, selectExistingMessages } from '#db/queries/messages.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'
import { type Appended, keyOf, keyOfSend, type PlannedAppends, planAppends } from './plan-appends.ts'

/** `conversations` holds all locked conversations, unchanged ones included. */
export type AppendedBatch = Pick<PlannedAppends, 'outcomes' | 'changes' | 'conversations'>

export async function appendLocked(trx: Transaction, sends: readonly Send[], isRetry: boolean): Promise<AppendedBatch> {
  const keys = sends.map(keyOfSend)
  const locked = await lockConversations(
    trx,
    keys.map((key) => key.conversationId),
  )
  const attachments = await lockAttachments(
    trx,
    sends.flatMap(({ attachmentId }) => attachmentId ?? []),
  )
  const state = { locked, attachments, isRetry }
  // Nearly all messages are new, and the unique key detects the others. So existing messages are read only after a
  // duplicate key, a retry, or a rejection: a message that is rejected now may have been written before.
  const asNew = planAppends(sends, { ...state, existing: new Map() })
  if (!isRetry && !asNew.outcomes.some(isRejected) && (await write(trx, asNew))) return withUnchanged(asNew, locked)
  const existing = new Map((await selectExistingMessages(trx, keys)).map((message) => [keyOf(message), message]))
  const planned = planAppends(sends, { ...state, existing })
  if (await write(trx, planned)) return withUnchanged(planned, locked)
  throw new Error('duplicate message not found')
}

function withUnchanged(planned: PlannedAppends, locked: ReadonlyMap<number, LockedConversation>): AppendedBatch {
  const changed = new Set(planned.conversations.map(({ after }) => after.id))
  const unchanged = [...locked.values()].filter(({ id }) => !changed.has(id))
  return {
    ...planned,
    conversations: [...planned.conversations, ...unchanged.map((state) => ({ before: state, after: state }))],
  }
}

const isRejected = (outcome: Appended | AppError) => outcome instanceof AppError

/** False if a message already exists; then nothing was written. */
async function write(trx: Transaction, { rows, outcomes, conversations }: PlannedAppends): Promise<boolean> {
  if (rows.length === 0) return true
  const firstId = await insertMessages(trx, rows)
  if (firstId === undefined) return false
  let id = firstId
  for (const outcome of outcomes) {
    if (outcome instanceof AppError || outcome.isDuplicate) continue
    const { message } = outcome
    message.id = id++
    if (message.attachment) await linkAttachment(trx, message.attachment.id, message.id)
  }
  await saveConversations(trx, conversations)
  return true
}
