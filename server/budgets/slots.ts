// Limits of what one key holds at the same time, such as open connections of one address. Counted per node.

import { AppError } from '../shared/errors.ts'
import { budgets, isScaledByAddressLimits, type SlotName } from './budgets.ts'

export interface SlotCounter {
  /** Acquires a slot and returns its idempotent release function. Throws rate_limited when none is free. */
  acquire(name: SlotName, key: string | number): () => void
  /** Slots that the key holds. */
  held(name: SlotName, key: string | number): number
}

export function createSlotCounter({
  enabled,
  addressFactor = 1,
}: {
  enabled: boolean
  addressFactor?: number
}): SlotCounter {
  const counts = new Map<string, number>()
  const bucketOf = (name: SlotName, key: string | number) => `${name}:${key}`

  function release(bucket: string) {
    const left = (counts.get(bucket) ?? 0) - 1
    if (left > 0) counts.set(bucket, left)
    else counts.delete(bucket)
  }

  return {
    acquire(name, key) {
      const bucket = bucketOf(name, key)
      const concurrent = budgets[name].concurrent * (isScaledByAddressLimits(name) ? addressFactor : 1)
      const count = counts.get(bucket) ?? 0
      if (enabled && count >= concurrent) {
        throw new AppError('rate_limited', 'Too many at the same time; finish one first.', {
          retryAfterMs: 1_000,
          limit: concurrent,
        })
      }
      counts.set(bucket, count + 1)
      let isHeld = true
      return () => {
        if (isHeld) release(bucket)
        isHeld = false
      }
    },
    held: (name, key) => counts.get(bucketOf(name, key)) ?? 0,
  }
}
