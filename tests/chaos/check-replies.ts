// Checks the replies: none is `internal`, and no transaction fails because of a killed connection, since it is
// retried.

import type { FaultPeriod } from './fault-schedule.ts'
import type { Journal } from './journal.ts'

/** The requests that run in a transaction. A plain read may fail with unavailable. */
const transactions = new Set([
  'message:send',
  'message:mark-read',
  'conversation:claim',
  'conversation:release',
  'conversation:close',
  'conversation:reopen',
])

export function checkReplies(
  journal: Journal,
  periods: readonly FaultPeriod[],
  complain: (what: string) => void,
): void {
  for (const { request, from, to, error } of journal.replies) {
    if (error === 'internal') complain(`${request} failed with internal`)
    if (error !== 'unavailable' || !transactions.has(request)) continue
    const active = periods.filter((period) => period.from <= to && period.to >= from)
    const harmless = active.every(({ kind }) => kind === 'database connections killed' || kind.startsWith('clients'))
    if (harmless) complain(`${request} failed with unavailable while the database was running`)
  }
}
