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
  /** By name, then by key: a key of both would have to be put together for every message. */
  const fullAgainAt = new Map<RateName, Map<string, number>>()
  const counted = new Map<string, number>()
  let untilSweep = sweepEvery

  function bucketsOf(name: RateName): Map<string, number> {
    const known = fullAgainAt.get(name)
    if (known) return known
    const buckets = new Map<string, number>()
    fullAgainAt.set(name, buckets)
    return buckets
  }

  function sweep(time: number) {
    let left = 0
    for (const buckets of fullAgainAt.values()) {
      for (const [key, at] of buckets) if (at <= time) buckets.delete(key)
      left += buckets.size
    }
    untilSweep = Math.max(sweepEvery, left)
  }

  /** Milliseconds until one more fits; 0 for now. */
  function wait(name: RateName, key: string): number {
    const { count, windowMs } = limits[name]
    const at = bucketsOf(name).get(key) ?? 0
    return Math.max(0, at + windowMs / count - windowMs - now())
  }

  function fill(name: RateName, key: string, times: number) {
    const time = now()
    if (--untilSweep <= 0) sweep(time)
    const buckets = bucketsOf(name)
    const at = Math.max(buckets.get(key) ?? 0, time)
    buckets.set(key, at + (times * limits[name].windowMs) / limits[name].count)
  }

  function count(name: RateName, key: string) {
    fill(name, key, 1)
    if (shared && name !== 'connectionRequests') note(`${name}:${key}`)
  }

  /** Not for what concerns one connection, which is on one node. */
  function note(bucket: string) {
    const times = counted.get(bucket) ?? 0
    if (times > 0 || counted.size < limits.sharedRatesRows) counted.set(bucket, times + 1)
  }

  function check(name: RateName, key: string) {
    const retryAfterMs = enabled ? Math.ceil(wait(name, key)) : 0
    if (retryAfterMs > 0) throw new AppError('rate_limited', 'Too many at once.', { retryAfterMs })
  }

  return {
    check: (name, key) => check(name, String(key)),
    count: (name, key) => count(name, String(key)),
    take(name, key) {
      const bucket = String(key)
      check(name, bucket)
      count(name, bucket)
    },
    tryTake(name, key) {
      const bucket = String(key)
      const fits = !enabled || wait(name, bucket) === 0
      if (fits) fill(name, bucket, 1)
      return fits
    },
    takeCounted() {
      const taken = [...counted]
      counted.clear()
      return taken
    },
    add(told) {
      for (const [bucket, times] of told) {
        const at = bucket.indexOf(':')
        const name = bucket.slice(0, at)
        if (isRateName(name) && times > 0) fill(name, bucket.slice(at + 1), Math.min(times, limits[name].count))
      }
    },
  }
}

const isRateName = (name: string): name is RateName => {
  const limit: unknown = Object.hasOwn(limits, name) && limits[name as RateName]
  return typeof limit === 'object'
}
