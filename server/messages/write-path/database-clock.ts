// Estimates the database's clock from the times in its replies (Cristian's algorithm, without half the round trip).
// Each sample is late by the latency of its reply, so the largest offset is the best. The database validates every time
// that is written from this estimate.

import { serverLimits } from '#protocol/limits/server.ts'

/** The database's clock as an ISO string, and the monotonic time in milliseconds at which this node received it. */
export interface ClockReading {
  now: string
  receivedAt: number
}

export interface DatabaseClock {
  addSample(reading: ClockReading): void
  /** The estimate for this moment; undefined once the best sample has expired. */
  read(): ClockReading | undefined
  /** Drops the estimate; the next sample starts a new one. */
  invalidate(): void
}

/** `monotonicNow`: milliseconds of a clock that nobody adjusts. */
export function createDatabaseClock(monotonicNow: () => number = () => performance.now()): DatabaseClock {
  /** Milliseconds by which the database's clock is ahead of the monotonic one. */
  let offset = Number.NEGATIVE_INFINITY
  let expiresAt = 0

  return {
    addSample({ now, receivedAt }) {
      const sampled = Date.parse(now) - receivedAt
      if (monotonicNow() < expiresAt && sampled <= offset) return
      offset = sampled
      expiresAt = receivedAt + serverLimits.cachedConversationMs
    },
    read() {
      const receivedAt = monotonicNow()
      return receivedAt < expiresAt ? { now: new Date(receivedAt + offset).toISOString(), receivedAt } : undefined
    },
    invalidate() {
      expiresAt = 0
    },
  }
}
