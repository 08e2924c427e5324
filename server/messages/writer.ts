// Group commit: while one batch commits, what arrives becomes the next (no timer, no artificial wait), so one message alone is as quick as
// the disk and many share few commits. A conversation always takes the same lane, so its order holds. Told and answered after commit.

import { inTransaction } from '#db/transaction.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import type { ConversationTeller } from '../conversations/tell.ts'
import { AppError } from '../errors.ts'
import { appendMessages } from './append-messages.ts'
import type { Appended, Send } from './decide-sends.ts'
import { tellAppended } from './tell-appended.ts'

export interface MessageWriter {
  /** Writes in the order of the calls. Resolves after commit; rejects with AppError, overloaded when too much waits. */
  append(send: Send): Promise<Appended>
  /** Resolves once nothing waits any more. */
  drain(): Promise<void>
}

interface Waiting {
  send: Send
  resolve(appended: Appended): void
  reject(error: unknown): void
}

interface Lane {
  waiting: Waiting[]
  running: Promise<void> | null
}

export function createMessageWriter(
  app: Pick<App, 'db' | 'publish' | 'told' | 'log'>,
  teller: ConversationTeller,
): MessageWriter {
  const lanes = Array.from({ length: limits.writerLanes }, (): Lane => ({ waiting: [], running: null }))
  let waitingInAll = 0

  async function run(lane: Lane) {
    while (lane.waiting.length > 0) {
      const batch = takeBatch(lane.waiting)
      waitingInAll -= batch.length
      await write(batch)
    }
    lane.running = null
  }

  async function write(batch: Waiting[]) {
    try {
      const sends = batch.map((one) => one.send)
      const { outcomes, changes } = await inTransaction(app.db, (trx, again) => appendMessages(trx, sends, again))
      tellAppended(app, teller, sends, outcomes, changes)
      batch.forEach((one, index) => {
        const outcome = outcomes[index] as Appended | AppError
        if (outcome instanceof AppError) one.reject(outcome)
        else one.resolve(outcome)
      })
    } catch (error) {
      for (const one of batch) one.reject(error)
    }
  }

  return {
    append(send) {
      if (waitingInAll >= limits.writerQueue) {
        return Promise.reject(new AppError('overloaded', 'Too many messages are waiting to be written.'))
      }
      const lane = lanes[send.conversationId % lanes.length] as Lane
      return new Promise((resolve, reject) => {
        lane.waiting.push({ send, resolve, reject })
        waitingInAll += 1
        lane.running ??= run(lane)
      })
    },
    async drain() {
      while (lanes.some((lane) => lane.running !== null)) await Promise.all(lanes.map((lane) => lane.running))
    },
  }
}

/** The front of the line, up to limits.writerBatchRows and limits.writerBatchBytes (UTF-16 units count double), at least one. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  for (const { send } of waiting) {
    bytes += send.content.length * 2
    if (count === limits.writerBatchRows || (count > 0 && bytes > limits.writerBatchBytes)) break
    count += 1
  }
  return waiting.splice(0, count)
}
