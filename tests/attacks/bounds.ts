// The maximum that a budget allows, which an attack's own counts are compared with.

import { budgets } from '../../server/budgets/budgets.ts'

/** At most `burst`, then this many per second. */
export interface Bound {
  burst: number
  perSecond: number
}

type Numbers = Readonly<Record<string, number>>

const table: Readonly<Record<string, Numbers>> = budgets

/** For a rate and a number of separately counted callers. */
export const ofRate = (name: string, callers = 1): Bound => boundOf(table[name] ?? {}, callers)

/** For any kind of budget. A name outside the table has no limit. */
export function boundOf({ count, windowMs, concurrent, packets, bytes, perMs }: Numbers, callers = 1): Bound {
  const burst = count ?? concurrent ?? packets ?? bytes ?? Number.POSITIVE_INFINITY
  const windowOf = windowMs ?? perMs
  return { burst: burst * callers, perSecond: windowOf === undefined ? 0 : (burst * 1000 * callers) / windowOf }
}
