// Removes attachments that no message references after a day. Rows are locked, and deleted after their files, so that
// an interrupted run is repeated and none is sent meanwhile.

import { inTransaction } from '#db/core/transaction.ts'
import { deleteAttachments, lockOrphanedAttachments } from '#db/queries/attachments.ts'
import type { App } from '../context.ts'
import { thumbnailOf } from './upload-attachment.ts'

/** Removes at most serverLimits.housekeepingRows and returns how many. */
export function removeOrphanedUploads({ db, attachments }: Pick<App, 'db' | 'attachments'>): Promise<number> {
  return inTransaction(db, async (trx) => {
    const orphaned = await lockOrphanedAttachments(trx)
    for (const { storedName } of orphaned) {
      await attachments.store.remove(storedName)
      await attachments.store.remove(thumbnailOf(storedName))
    }
    await deleteAttachments(
      trx,
      orphaned.map(({ id }) => id),
    )
    return orphaned.length
  })
}
