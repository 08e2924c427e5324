// Hourly clean-up in small batches: expired sessions, empty conversations, abandoned customers, orphaned uploads. Every
// node runs it and skips rows that another node has locked.

import type { KeysetPosition, PageOf } from '#db/core/keyset.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { deleteAbandonedCustomers, selectOldCustomers } from '#db/queries/abandoned-customers.ts'
import { deleteExpiredCustomerSessions } from '#db/queries/customer-sessions.ts'
import { deleteEmptyConversations, selectEmptyConversations } from '#db/queries/empty-conversations.ts'
import { deleteErasedConversations } from '#db/queries/erase-customer.ts'
import { deleteExpiredLoginSessions } from '#db/queries/login-sessions.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { removeOrphanedUploads } from '../attachments/remove-orphaned-uploads.ts'
import type { App } from '../context.ts'

const firstMs = 60_000
const everyMs = 3600_000

/** Later runs look back this far: a customer who had an upload or was locked gets another chance. */
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
      (error: unknown) => parts.log.error({ err: error }, 'housekeeping failed'),
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

/** Scans empty conversations and abandoned customers since `sinceMs`, in milliseconds since 1970. */
export async function runHousekeeping(
  { db, attachments }: Omit<Parts, 'now'>,
  { sinceMs = 0, signal }: { sinceMs?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const batches = [
    () => inTransaction(db, deleteExpiredLoginSessions),
    () => inTransaction(db, deleteExpiredCustomerSessions),
    () => removeOrphanedUploads({ db, attachments }),
    () => inTransaction(db, deleteErasedConversations),
  ]
  for (const removeBatch of batches) {
    let removed: number = serverLimits.housekeepingRows
    while (removed === serverLimits.housekeepingRows && !signal?.aborted) removed = await removeBatch()
  }
  const scans = [
    { list: selectEmptyConversations, remove: deleteEmptyConversations },
    { list: selectOldCustomers, remove: deleteAbandonedCustomers },
  ]
  for (const { list, remove } of scans) {
    let position: KeysetPosition | null = { at: new Date(sinceMs).toISOString(), id: 0 }
    while (position !== null && !signal?.aborted) {
      const { items, next }: PageOf<number> = await list(db, position)
      await inTransaction(db, (trx) => remove(trx, items))
      position = next
    }
  }
  await attachments.staged.sweep()
}
