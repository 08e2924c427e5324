// What a budget lets through: the number that an attack's own counts are compared with.

import { budgets } from '../../server/budgets/budgets.ts'

/** At most `burst`, and then so many a second. */
export interface Bound {
  burst: number
  perSecond: number
}

type Numbers = Readonly<Record<string, number>>

const table: Readonly<Record<string, Numbers>> = budgets

/** Of a rate, and of as many callers as are each counted by themselves. */
export const ofRate = (name: string, callers = 1): Bound => boundOf(table[name] ?? {}, callers)

/** Whatever kind of budget it is. What is not in the table bounds nothing. */
export function boundOf({ count, windowMs, concurrent, packets, bytes, perMs }: Numbers, callers = 1): Bound {
  const burst = count ?? concurrent ?? packets ?? bytes ?? Number.POSITIVE_INFINITY
  const windowOf = windowMs ?? perMs
  return { burst: burst * callers, perSecond: windowOf === undefined ? 0 : (burst * 1000 * callers) / windowOf }
}
