// Rate limiter: GCRA, the generic cell rate algorithm of ATM Forum TM 4.1. A bucket stores the time at which it is full
// again. It allows `count` in a burst, then one every windowMs / count. Full buckets are evicted. Nodes exchange their
// counts asynchronously, so a caller that spreads over n nodes has at most n times its rate for
// serverLimits.sharedRatesMs.

import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../shared/errors.ts'
import { budgets, isScaledByAddressLimits, type Rate, type RateName } from './budgets.ts'

export interface RateLimiter {
  /** Consumes `amount`, by default 1. Throws rate_limited with details {retryAfterMs} when less is left. */
  consume(name: RateName, key: string | number, amount?: number): void
  /** Consumes one if available, and returns whether it did. Not shared with other nodes. */
  tryConsume(name: RateName, key: string | number): boolean
  /** Whether `consume` would throw. */
  isExhausted(name: RateName, key: string | number): boolean
  /** Throws like `consume`, but consumes nothing. */
  check(name: RateName, key: string | number): void
  /** Consumes `amount`, by default 1, even past the limit. */
  count(name: RateName, key: string | number, amount?: number): void
  /**
   * Amounts consumed on this node since the last call, by bucket. At most serverLimits.sharedRatesRows; the rest is not
   * shared.
   */
  drainDeltas(): [bucket: string, times: number][]
  /** Adds the deltas of another node. Ignores malformed ones, since they come from outside this process. */
  add(deltas: unknown): void
}

const sweepEvery = 10_000

/** Rates of things that exist on one node only. Not shared. */
const localNames: ReadonlySet<RateName> = new Set<RateName>([
  'connectionRequests',
  'connectionsOfViolators',
  'handshakes',
  'handshakesOfViolator',
])

/** All rates. Those per address are multiplied by `addressFactor`. */
function ratesFor(addressFactor: number): Record<RateName, Rate> {
  const rates = Object.entries(budgets).filter((entry): entry is [RateName, Rate & { concurrent: never }] =>
    isRateName(entry[0]),
  )
  return Object.fromEntries(
    rates.map(([name, { count, windowMs }]) => [
      name,
      { count: isScaledByAddressLimits(name) ? count * addressFactor : count, windowMs },
    ]),
  ) as Record<RateName, Rate>
}

/** `shared`: record deltas for other nodes. The caller then calls drainDeltas periodically. */
export function createRateLimiter(
  now: () => number,
  { enabled, shared, addressFactor = 1 }: { enabled: boolean; shared: boolean; addressFactor?: number },
): RateLimiter {
  const rates = ratesFor(addressFactor)
  /** By name, then by key: a combined key would need a new string for every message. */
  const fullAt = new Map<RateName, Map<string, number>>()
  const deltas = new Map<string, number>()
  let untilSweep = sweepEvery

  function bucketsOf(name: RateName): Map<string, number> {
    const existing = fullAt.get(name)
    if (existing) return existing
    const buckets = new Map<string, number>()
    fullAt.set(name, buckets)
    return buckets
  }

  function sweep(time: number) {
    let left = 0
    for (const buckets of fullAt.values()) {
      for (const [key, at] of buckets) if (at <= time) buckets.delete(key)
      left += buckets.size
    }
    untilSweep = Math.max(sweepEvery, left)
  }

  /** Milliseconds until `amount` fits; 0 if it fits now. */
  function wait(name: RateName, key: string, amount: number): number {
    const { count, windowMs } = rates[name]
    const at = bucketsOf(name).get(key) ?? 0
    return Math.max(0, at + (amount * windowMs) / count - windowMs - now())
  }

  function fill(name: RateName, key: string, times: number) {
    const time = now()
    if (--untilSweep <= 0) sweep(time)
    const buckets = bucketsOf(name)
    const at = Math.max(buckets.get(key) ?? 0, time)
    buckets.set(key, at + (times * rates[name].windowMs) / rates[name].count)
  }

  function count(name: RateName, key: string, amount: number) {
    fill(name, key, amount)
    if (shared && !localNames.has(name)) record(`${name}:${key}`, amount)
  }

  function record(bucket: string, amount: number) {
    const times = deltas.get(bucket) ?? 0
    if (times > 0 || deltas.size < serverLimits.sharedRatesRows) deltas.set(bucket, times + amount)
  }

  function check(name: RateName, key: string, amount: number) {
    const retryAfterMs = enabled ? Math.ceil(wait(name, key, amount)) : 0
    if (retryAfterMs > 0)
      throw new AppError('rate_limited', 'Too many requests; try again after retryAfterMs.', { retryAfterMs })
  }

  return {
    isExhausted: (name, key) => enabled && wait(name, String(key), 1) > 0,
    check: (name, key) => check(name, String(key), 1),
    count: (name, key, amount = 1) => count(name, String(key), amount),
    consume(name, key, amount = 1) {
      const bucket = String(key)
      check(name, bucket, amount)
      count(name, bucket, amount)
    },
    tryConsume(name, key) {
      const bucket = String(key)
      const fits = !enabled || wait(name, bucket, 1) === 0
      if (fits) fill(name, bucket, 1)
      return fits
    },
    drainDeltas() {
      const drained = [...deltas]
      deltas.clear()
      return drained
    },
    add(received) {
      if (!Array.isArray(received)) return
      for (const delta of received.slice(0, serverLimits.sharedRatesRows)) {
        const [bucket, times]: unknown[] = Array.isArray(delta) ? delta : []
        if (typeof bucket !== 'string' || typeof times !== 'number' || !(times > 0)) continue
        const colon = bucket.indexOf(':')
        const name = bucket.slice(0, colon)
        if (isRateName(name)) fill(name, bucket.slice(colon + 1), Math.min(times, rates[name].count))
      }
    },
  }
}

const isRateName = (name: string): name is RateName =>
  Object.hasOwn(budgets, name) && 'windowMs' in budgets[name as keyof typeof budgets]
