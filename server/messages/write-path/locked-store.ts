// Locked append: writes a batch of messages in one transaction. It locks the conversations in id order, plans under the
// locks, inserts once and updates once.

import type { Transaction } from '#db/core/database.ts'
import { linkAttachment, lockAttachments } from '#db/queries/attachments.ts'
import { insertMessages, selectExistingMessages } from '#db/queries/messages.ts'
import { selectQueuePlaces } from '#db/queries/queue-places.ts'
import {
  inUnitOfWork,
  type LockedConversations,
  type UnitOfWork,
  type UpdateDeps,
} from '../../conversation-state/update-conversations.ts'
import type { Send } from '../send.ts'
import type { AppendedBatch, MessageStore } from './message-store.ts'
import { hasAbsentAgent, keyOf, keyOfSend, type PlannedAppends, planAppends, toAppended } from './plan-appends.ts'
import { repairHeads } from './repair-heads.ts'

export function lockedStore(app: UpdateDeps): MessageStore {
  return { append: (sends, isRetry) => inUnitOfWork(app, (unit) => appendLocked(unit, sends), isRetry) }
}

export function appendLocked({ trx, isRetry, update }: UnitOfWork, sends: readonly Send[]): Promise<AppendedBatch> {
  const keys = sends.map(keyOfSend)
  const ids = keys.map((key) => key.conversationId)
  return update(ids, async (locked) => {
    const attachments = await lockAttachments(
      trx,
      sends.flatMap(({ attachmentId }) => attachmentId ?? []),
    )
    const absent = [...locked.values()].filter(hasAbsentAgent)
    const queuePlaces = await selectQueuePlaces(
      trx,
      absent.map(({ id }) => id),
    )
    const state = { locked, attachments, queuePlaces, isRetry }
    // Nearly all messages are new, and the unique key detects the others. So existing messages are read only after a
    // duplicate key, a retry, or a rejection: a message that is rejected now may have been written before.
    const asNew = planAppends(sends, { ...state, existing: new Map() })
    const written = isRetry || asNew.hasRejected ? undefined : await write(trx, locked, asNew)
    if (written) return written
    const existing = new Map((await selectExistingMessages(trx, keys)).map((message) => [keyOf(message), message]))
    const decided = await write(trx, locked, planAppends(sends, { ...state, existing }))
    if (decided) return decided
    const repaired = await repairHeads(trx, locked)
    const followed = await write(trx, locked, planAppends(sends, { ...state, locked: repaired, existing }))
    if (followed === undefined) throw new Error('duplicate message not found')
    // The rows are saved as changes of what is stored.
    const changes = followed.changes.map(({ before, after }) => ({ before: locked.get(after.id) ?? before, after }))
    return { ...followed, changes }
  })
}

/** Undefined if a message already exists; then nothing was written. */
async function write(trx: Transaction, locked: LockedConversations, planned: PlannedAppends) {
  const { rows, changes, conversations } = planned
  const [session] = locked.values()
  const ids = session && rows.length > 0 ? await insertMessages(trx, rows, session.idStep) : []
  if (ids === undefined) return undefined
  for (const [index, { attachment }] of planned.newRows.entries()) {
    if (attachment) await linkAttachment(trx, attachment.id, ids[index] as number)
  }
  return { changes: conversations, result: { outcomes: toAppended(planned, ids), changes } }
}
