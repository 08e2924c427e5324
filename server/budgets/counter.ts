// A rate of what belongs to one connection: a number that counts down. The clock is read only when it is used up, so that counting a
// packet costs nothing. A connection gets at most twice the budget across the edge of two windows.

import type { Rate } from './budgets.ts'

export interface Counter {
  left: number
  since: number
}

export const createCounter = ({ count }: Rate): Counter => ({ left: count, since: performance.now() })

/** Counts one; false when more than the budget came within its window. */
export function countDown(counter: Counter, { count, windowMs }: Rate): boolean {
  if (--counter.left >= 0) return true
  const now = performance.now()
  if (now - counter.since < windowMs) return false
  counter.since = now
  counter.left = count - 1
  return true
}
