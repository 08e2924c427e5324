// Group commit of receipts, as the writer's of messages: while one batch commits, what arrives becomes the next. Of what one reader reads in one
// conversation meanwhile only the newest is written. Told and answered after commit.

import { inTransaction } from '#db/core/transaction.ts'
import type { Receipt } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import type { ConversationUpdates } from '../../conversation-state/publish-conversation.ts'
import { AppError } from '../../shared/errors.ts'
import { applyReceipts, type Marked, type Read } from './apply-receipts.ts'

export interface ReceiptWriter {
  /** How far the reader's side has read, after commit. Rejects with AppError, overloaded when too much waits. */
  mark(read: Read): Promise<Receipt>
  /** Resolves once nothing waits any more. */
  drain(): Promise<void>
}

interface Waiting {
  read: Read
  answers: PromiseWithResolvers<Receipt>[]
}

export function createReceiptWriter(
  app: Pick<App, 'db' | 'publish' | 'known'>,
  teller: ConversationUpdates,
): ReceiptWriter {
  /** By conversation and reader, the longest waiting first. */
  const waiting = new Map<string, Waiting>()
  let running: Promise<void> | null = null

  async function run() {
    // What came in with this turn of the event loop goes together.
    await new Promise(setImmediate)
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, serverLimits.writerBatchRows)
      for (const [key] of batch) waiting.delete(key)
      await write(batch.map(([, one]) => one))
    }
    running = null
  }

  async function write(batch: readonly Waiting[]) {
    try {
      const reads = batch.map(({ read }) => read)
      const { outcomes, conversations } = await inTransaction(app.db, (trx, again) => applyReceipts(trx, reads, again))
      app.known.note(conversations)
      batch.forEach((one, index) => {
        tell(one, outcomes[index] as Marked | AppError)
      })
    } catch (error) {
      for (const { answers } of batch) for (const answer of answers) answer.reject(error)
    }
  }

  function tell({ read, answers }: Waiting, outcome: Marked | AppError) {
    if (outcome instanceof AppError) {
      for (const answer of answers) answer.reject(outcome)
      return
    }
    const { receipt, isNews } = outcome
    if (isNews) {
      const { conversationId } = receipt
      app.publish('receipt:updated', { conversationId, userId: read.actor.userId }, receipt)
      teller.soon(conversationId, 'read')
    }
    for (const answer of answers) answer.resolve(receipt)
  }

  return {
    mark(read) {
      const answer = Promise.withResolvers<Receipt>()
      const key = `${read.conversationId} ${read.actor.userId}`
      const one = waiting.get(key)
      if (one) {
        one.read = { ...read, seq: Math.max(read.seq, one.read.seq) }
        one.answers.push(answer)
      } else if (waiting.size >= serverLimits.writerQueue) {
        answer.reject(new AppError('overloaded', 'Too many receipts are waiting to be written.'))
      } else {
        waiting.set(key, { read, answers: [answer] })
        running ??= run()
      }
      return answer.promise
    },
    async drain() {
      await running
    },
  }
}
