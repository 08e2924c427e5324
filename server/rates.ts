// How often a caller may do a thing. One bucket a key, kept as the time at which it will be full again (GCRA, the generic cell rate
// algorithm of ATM Forum TM 4.1): `count` at once, then one every windowMs / count. Full buckets are forgotten.

import { limits } from '#protocol/limits.ts'
import { AppError } from './errors.ts'

export type RateName = {
  [K in keyof typeof limits]: (typeof limits)[K] extends { count: number; windowMs: number } ? K : never
}[keyof typeof limits]

export interface Rates {
  /** Counts one; throws rate_limited with details {retryAfterMs} when there is none left. */
  take(name: RateName, key: string | number): void
  /** Throws like take when there is none left, but counts nothing. */
  check(name: RateName, key: string | number): void
  /** Counts one whatever is left. */
  count(name: RateName, key: string | number): void
}

const sweepEvery = 10_000

export function createRates(now: () => number, enabled: boolean): Rates {
  const fullAgainAt = new Map<string, number>()
  let untilSweep = sweepEvery

  function sweep(time: number) {
    for (const [key, at] of fullAgainAt) if (at <= time) fullAgainAt.delete(key)
    untilSweep = Math.max(sweepEvery, fullAgainAt.size)
  }

  /** Milliseconds until one more fits; 0 for now. */
  function wait(name: RateName, key: string | number): number {
    const { count, windowMs } = limits[name]
    const at = fullAgainAt.get(`${name}:${key}`) ?? 0
    return Math.max(0, at + windowMs / count - windowMs - now())
  }

  function count(name: RateName, key: string | number) {
    const time = now()
    if (--untilSweep <= 0) sweep(time)
    const id = `${name}:${key}`
    fullAgainAt.set(id, Math.max(fullAgainAt.get(id) ?? 0, time) + limits[name].windowMs / limits[name].count)
  }

  function check(name: RateName, key: string | number) {
    const retryAfterMs = Math.ceil(wait(name, key))
    if (enabled && retryAfterMs > 0) throw new AppError('rate_limited', 'Too many at once.', { retryAfterMs })
  }

  return {
    check,
    count,
    take(name, key) {
      check(name, key)
      count(name, key)
    },
  }
}
