// Bounds the pages that one person reads at the same time, over all connections and calls: while it is read, a page
// takes many times its size. More wait for their turn.

import { AppError } from '../shared/errors.ts'
import { budgets } from './budgets.ts'

export interface PageReads {
  /** Runs `read` when it is this person's turn. Throws rate_limited when too many of theirs wait. */
  run<T>(userId: number, read: () => Promise<T>): Promise<T>
}

interface Turns {
  running: number
  waiting: (() => void)[]
}

export function createPageReads({ enabled }: { enabled: boolean }): PageReads {
  const turnsOf = new Map<number, Turns>()

  async function begin(turns: Turns): Promise<void> {
    if (turns.running < budgets.pageReadsPerPerson.concurrent) {
      turns.running += 1
      return
    }
    if (turns.waiting.length >= budgets.waitingPageReadsPerPerson.concurrent) {
      throw new AppError('rate_limited', 'Too many pages at the same time; wait for replies.', { retryAfterMs: 1_000 })
    }
    // end() passes its place on.
    await new Promise<void>((resolve) => turns.waiting.push(resolve))
  }

  function end(userId: number, turns: Turns) {
    const next = turns.waiting.shift()
    if (next) return next()
    turns.running -= 1
    if (turns.running === 0) turnsOf.delete(userId)
  }

  return {
    async run(userId, read) {
      if (!enabled) return read()
      const turns = turnsOf.get(userId) ?? { running: 0, waiting: [] }
      turnsOf.set(userId, turns)
      await begin(turns)
      try {
        return await read()
      } finally {
        end(userId, turns)
      }
    },
  }
}
