// A fixed-window rate for one connection. It counts down and reads the clock only at zero, so that counting a packet
// costs nothing. Across two windows a connection gets at most twice the budget.

import type { Rate } from './budgets.ts'

export interface Counter {
  left: number
  since: number
}

export const createCounter = ({ count }: Rate): Counter => ({ left: count, since: performance.now() })

/** Consumes `amount`; false when the budget of the window is exhausted. */
export function countDown(counter: Counter, { count, windowMs }: Rate, amount = 1): boolean {
  counter.left -= amount
  if (counter.left >= 0) return true
  const now = performance.now()
  if (now - counter.since < windowMs) return false
  counter.since = now
  counter.left = count - amount
  return counter.left >= 0
}
