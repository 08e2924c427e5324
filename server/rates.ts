// How often a caller may do a thing. One bucket a key, kept as the time at which it will be full again (GCRA, the generic cell rate
// algorithm of ATM Forum TM 4.1): `count` at once, then one every windowMs / count. Full buckets are forgotten. Nodes tell each other what
// they counted; nobody waits for that, so a caller who spreads over n nodes has at most n times its rate for limits.sharedRatesMs.

import { limits } from '#protocol/limits.ts'
import { AppError } from './errors.ts'

export type RateName = {
  [K in keyof typeof limits]: (typeof limits)[K] extends { count: number; windowMs: number } ? K : never
}[keyof typeof limits]

export interface Rates {
  /** Counts one; throws rate_limited with details {retryAfterMs} when there is none left. */
  take(name: RateName, key: string | number): void
  /** Whether one was left, and is counted; counted here alone. */
  tryTake(name: RateName, key: string | number): boolean
  /** Throws like take when there is none left, but counts nothing. */
  check(name: RateName, key: string | number): void
  /** Counts one whatever is left. */
  count(name: RateName, key: string | number): void
  /** What was counted here since the last call, by bucket; of more than limits.sharedRatesRows the rest is not told. */
  takeCounted(): [bucket: string, times: number][]
  /** Counts what other nodes have counted. */
  add(counted: readonly [bucket: string, times: number][]): void
}

const sweepEvery = 10_000

/** `shared`: other nodes are told; takeCounted is called time and again. */
export function createRates(now: () => number, { enabled, shared }: { enabled: boolean; shared: boolean }): Rates {
  const fullAgainAt = new Map<string, number>()
  const counted = new Map<string, number>()
  let untilSweep = sweepEvery

  function sweep(time: number) {
    for (const [key, at] of fullAgainAt) if (at <= time) fullAgainAt.delete(key)
    untilSweep = Math.max(sweepEvery, fullAgainAt.size)
  }

  /** Milliseconds until one more fits; 0 for now. */
  function wait(bucket: string, name: RateName): number {
    const { count, windowMs } = limits[name]
    const at = fullAgainAt.get(bucket) ?? 0
    return Math.max(0, at + windowMs / count - windowMs - now())
  }

  function fill(bucket: string, name: RateName, times: number) {
    const time = now()
    if (--untilSweep <= 0) sweep(time)
    const at = Math.max(fullAgainAt.get(bucket) ?? 0, time)
    fullAgainAt.set(bucket, at + (times * limits[name].windowMs) / limits[name].count)
  }

  function count(bucket: string, name: RateName) {
    fill(bucket, name, 1)
    if (shared && name !== 'connectionRequests') note(bucket)
  }

  /** Not for what concerns one connection, which is on one node. */
  function note(bucket: string) {
    const times = counted.get(bucket) ?? 0
    if (times > 0 || counted.size < limits.sharedRatesRows) counted.set(bucket, times + 1)
  }

  function check(bucket: string, name: RateName) {
    const retryAfterMs = enabled ? Math.ceil(wait(bucket, name)) : 0
    if (retryAfterMs > 0) throw new AppError('rate_limited', 'Too many at once.', { retryAfterMs })
  }

  return {
    check: (name, key) => check(`${name}:${key}`, name),
    count: (name, key) => count(`${name}:${key}`, name),
    take(name, key) {
      const bucket = `${name}:${key}`
      check(bucket, name)
      count(bucket, name)
    },
    tryTake(name, key) {
      const bucket = `${name}:${key}`
      const fits = !enabled || wait(bucket, name) === 0
      if (fits) fill(bucket, name, 1)
      return fits
    },
    takeCounted() {
      const taken = [...counted]
      counted.clear()
      return taken
    },
    add(told) {
      for (const [bucket, times] of told) {
        const name = bucket.slice(0, bucket.indexOf(':'))
        if (isRateName(name) && times > 0) fill(bucket, name, Math.min(times, limits[name].count))
      }
    },
  }
}

const isRateName = (name: string): name is RateName => {
  const limit: unknown = Object.hasOwn(limits, name) && limits[name as RateName]
  return typeof limit === 'object'
}
