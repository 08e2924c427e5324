// Removes attachments that no message has brought within a day. The file goes first and the row last, so that what breaks off is found
// again; the rows are locked meanwhile, so that none of them is sent.

import { inTransaction } from '#db/core/transaction.ts'
import { deleteAttachments, lockOrphanedAttachments } from '#db/queries/attachments.ts'
import type { App } from '../context.ts'
import { thumbnailOf } from './upload-attachment.ts'

/** At most serverLimits.housekeepingRows; how many. */
export function removeOrphanedUploads({ db, attachments }: Pick<App, 'db' | 'attachments'>): Promise<number> {
  return inTransaction(db, async (trx) => {
    const unsent = await lockOrphanedAttachments(trx)
    for (const { storedName } of unsent) {
      await attachments.store.remove(storedName)
      await attachments.store.remove(thumbnailOf(storedName))
    }
    await deleteAttachments(
      trx,
      unsent.map(({ id }) => id),
    )
    return unsent.length
  })
}
