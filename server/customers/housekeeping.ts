// Every hour, removes sessions whose time is over, conversations in which nobody wrote, customers who came and never began one, and uploads
// that were never sent, in small batches. Each node does; what one is removing the others leave alone.

import type { KeysetPosition, PageOf } from '#db/core/keyset.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { deleteAbandonedCustomers, selectOldCustomers } from '#db/queries/abandoned-customers.ts'
import { deleteExpiredCustomerSessions } from '#db/queries/customer-sessions.ts'
import { deleteEmptyConversations, selectEmptyConversations } from '#db/queries/empty-conversations.ts'
import { deleteExpiredLoginSessions } from '#db/queries/login-sessions.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { removeOrphanedUploads } from '../attachments/remove-orphaned-uploads.ts'
import type { App } from '../context.ts'

const firstMs = 60_000
const everyMs = 3600_000

/** After the first run customers are looked at again for so long: whoever had an upload or was locked is met once more. */
const lookBackMs = 3 * serverLimits.abandonedCustomerMs

type Parts = Pick<App, 'db' | 'log' | 'attachments' | 'now'>

export function startHousekeeping(parts: Parts): { stop(): void } {
  const stopping = new AbortController()
  let sinceMs = 0
  const run = () => {
    const nextSinceMs = parts.now() - lookBackMs
    runHousekeeping(parts, { sinceMs, signal: stopping.signal }).then(
      () => {
        sinceMs = nextSinceMs
      },
      (error: unknown) => parts.log.error({ err: error }, 'upkeep failed'),
    )
    timer = setTimeout(run, everyMs).unref()
  }
  let timer = setTimeout(run, firstMs).unref()
  return {
    stop() {
      clearTimeout(timer)
      stopping.abort()
    },
  }
}

/** Of empty conversations and silent customers removes those of `sinceMs` and later, in milliseconds of Unix time. */
export async function runHousekeeping(
  { db, attachments }: Omit<Parts, 'now'>,
  { sinceMs = 0, signal }: { sinceMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const batches = [
    () => deleteExpiredLoginSessions(db),
    () => deleteExpiredCustomerSessions(db),
    () => removeOrphanedUploads({ db, attachments }),
  ]
  for (const removeBatch of batches) {
    let removed: number = serverLimits.housekeepingRows
    while (removed === serverLimits.housekeepingRows && !signal?.aborted) removed = await removeBatch()
  }
  const walks = [
    { list: selectEmptyConversations, remove: deleteEmptyConversations },
    { list: selectOldCustomers, remove: deleteAbandonedCustomers },
  ]
  for (const { list, remove } of walks) {
    let place: KeysetPosition | null = { at: new Date(sinceMs).toISOString(), id: 0 }
    while (place !== null && !signal?.aborted) {
      const { items, next }: PageOf<number> = await list(db, place)
      await inTransaction(db, (trx) => remove(trx, items))
      place = next
    }
  }
  await attachments.staged.sweep()
}
