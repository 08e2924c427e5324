// What time the database has, without asking it: what it said once, and how long ago that was heard by a clock that nobody sets. Late by as long
// as that answer took, so of several the one that took the least is gone by. Nothing rests on it alone: whoever writes it has the database
// check it.

import { serverLimits } from '#protocol/limits/server.ts'

/** What the database's clock says, an ISO string, and when that is, in milliseconds of a clock that nobody sets. */
export interface Moment {
  now: string
  receivedAt: number
}

export interface DatabaseClock {
  /** To be told what the database said. */
  note(moment: Moment): void
  /** This moment; undefined when what is gone by was heard too long ago. */
  read(): Moment | undefined
  /** The database says otherwise: goes by what it says next. */
  doubt(): void
}

/** `clock`: milliseconds of the clock that nobody sets. */
export function createDatabaseClock(clock: () => number): DatabaseClock {
  /** Of the database's clock before that one. */
  let ahead = Number.NEGATIVE_INFINITY
  let goodUntil = 0

  return {
    note({ now, receivedAt }) {
      const candidate = Date.parse(now) - receivedAt
      if (clock() < goodUntil && candidate <= ahead) return
      ahead = candidate
      goodUntil = receivedAt + serverLimits.cachedConversationMs
    },
    read() {
      const receivedAt = clock()
      return receivedAt < goodUntil ? { now: new Date(receivedAt + ahead).toISOString(), receivedAt } : undefined
    },
    doubt() {
      goodUntil = 0
    },
  }
}
