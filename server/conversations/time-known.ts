// What time the database has, without asking it: what it said once, and how long ago that was by a clock that nobody sets. Late by as long as
// that answer took, so the earliest of the answers is gone by. Nothing rests on it alone: whoever writes it has the database check it.

import { limits } from '#protocol/limits.ts'

export interface KnownTime {
  /** To be told what the database's clock said, an ISO string, when that was read. */
  note(said: string): void
  /** Now, as an ISO string; undefined when nothing was read lately. */
  read(): string | undefined
  /** The database says otherwise: goes by what is read next. */
  doubt(): void
}

/** `now`: milliseconds of a clock that nobody sets. */
export function createKnownTime(now: () => number): KnownTime {
  /** Of the database's clock before ours. */
  let ahead = Number.NEGATIVE_INFINITY
  let goodUntil = 0

  return {
    note(said) {
      const time = now()
      const candidate = Date.parse(said) - time
      if (time < goodUntil && candidate <= ahead) return
      ahead = candidate
      goodUntil = time + limits.knownConversationMs
    },
    read() {
      const time = now()
      return time < goodUntil ? new Date(time + ahead).toISOString() : undefined
    },
    doubt() {
      goodUntil = 0
    },
  }
}
