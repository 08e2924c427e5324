// Every request is answered once, and in time: whatever the database does to it or to those before it, the client hears within
// limits.answerMs that trying again may help. One sweep for all, since a timer for each costs as much as the rest of its wrapper.

import type { Reply } from '#protocol/errors.ts'
import { limits } from '#protocol/limits.ts'
import { AppError, errorBody } from '../errors.ts'

export type Ack = (reply: Reply<unknown>) => void

/** One answer that is owed. */
export interface OwedAnswer {
  ack: Ack | null
  dueAt: number
}

export interface Answers {
  /** Without an acknowledgement asked for, the request is done all the same. */
  owe(ack: Ack | null): OwedAnswer
  /** Answers, unless it was too late. */
  give(owed: OwedAnswer, reply: Reply<unknown>): void
  stop(): void
}

export function createAnswers(): Answers {
  /** In the order in which they are due. */
  const owed = new Set<OwedAnswer>()

  const sweep = setInterval(() => {
    const now = performance.now()
    for (const one of owed) {
      if (one.dueAt > now) break
      owed.delete(one)
      one.ack?.({ ok: false, error: errorBody(tooSlow()) })
    }
  }, limits.answerSweepMs)

  return {
    owe(ack) {
      const one = { ack, dueAt: performance.now() + limits.answerMs }
      owed.add(one)
      return one
    },
    give(one, reply) {
      if (owed.delete(one)) one.ack?.(reply)
    },
    stop: () => clearInterval(sweep),
  }
}

const tooSlow = () => new AppError('unavailable', 'This takes longer than it should; try again.')
