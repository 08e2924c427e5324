// Every hour, removes sessions whose time is over, customers who came and never began a conversation, and uploads that were never sent, in
// small batches. Each node does; what one is removing the others leave alone.

import { removeExpiredCustomerSessions, removeSilentCustomers } from '#db/customer-sessions.ts'
import { removeExpiredLoginSessions } from '#db/login-sessions.ts'
import { inTransaction } from '#db/transaction.ts'
import { limits } from '#protocol/limits.ts'
import { removeUnsent } from '../attachments/remove-unsent.ts'
import type { App } from '../context.ts'

const firstMs = 60_000
const everyMs = 3600_000

type Parts = Pick<App, 'db' | 'log' | 'attachments'>

export function startUpkeep(parts: Parts): { stop(): void } {
  const stopping = new AbortController()
  const run = () => {
    runUpkeep(parts, stopping.signal).catch((error: unknown) => parts.log.error({ err: error }, 'upkeep failed'))
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

export async function runUpkeep({ db, attachments }: Parts, signal?: AbortSignal): Promise<void> {
  const batches = [
    () => removeExpiredLoginSessions(db),
    () => removeExpiredCustomerSessions(db),
    () => removeUnsent({ db, attachments }),
    () => inTransaction(db, removeSilentCustomers),
  ]
  for (const removeBatch of batches) {
    let removed: number = limits.upkeepRows
    while (removed === limits.upkeepRows && !signal?.aborted) removed = await removeBatch()
  }
  await attachments.incoming.sweep()
}
