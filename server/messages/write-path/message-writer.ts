// Group commit of messages: while batches commit, new messages queue up for the next one, without a timer. A
// conversation is in at most one batch at a time, so its order holds. README.md lists the steps.

import { inTransaction } from '#db/core/transaction.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { ConversationCache } from '../../conversation-state/conversation-cache.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'
import { type AppendedBatch, appendLocked } from './append-locked.ts'
import { appendOptimistic, canAppendOptimistically } from './append-optimistic.ts'
import type { Appended } from './plan-appends.ts'
import { type PublishMessagesDeps, publishMessages } from './publish-messages.ts'
import { createSendQueue } from './send-queue.ts'

export interface MessageWriter {
  /**
   * Writes the messages of a conversation in the order of the calls. Resolves after commit. Rejects with AppError,
   * `overloaded` when the queue is full.
   */
  append(send: Send): Promise<Appended>
  /** Resolves once the queue is empty. */
  drain(): Promise<void>
}

interface Queued {
  send: Send
  resolve(appended: Appended): void
  reject(error: unknown): void
}

interface Deps extends PublishMessagesDeps {
  conversationCache: ConversationCache
}

export function createMessageWriter(app: Deps): MessageWriter {
  const queue = createSendQueue<Queued>()
  const loops = new Set<Promise<void>>()
  let isFlushScheduled = false

  /** At the end of the event loop's tick, so that all messages of the tick share a batch. */
  function scheduleFlush() {
    if (isFlushScheduled) return
    isFlushScheduled = true
    setImmediate(() => {
      isFlushScheduled = false
      startLoops()
    })
  }

  /** A second loop starts only for a full batch: each batch costs the same statements, whatever its size. */
  function startLoops() {
    while (loops.size === 0 ? queue.readyCount() > 0 : queue.readyCount() >= serverLimits.fullBatchRows) {
      if (loops.size === serverLimits.concurrentBatches) return
      const loop = writeLoop().finally(() => {
        loops.delete(loop)
        startLoops()
      })
      loops.add(loop)
    }
  }

  async function writeLoop() {
    let published = Promise.resolve()
    while (queue.readyCount() > 0) {
      const batch = queue.nextBatch()
      const [cached, others] = partitionByCache(batch)
      const settlers = await Promise.all([write(cached, () => appendOptimistic(app, sendsOf(cached))), write(others)])
      queue.complete(batch)
      if (queue.readyCount() > 0) published = publishAfterNextBatch(settlers)
      else for (const settle of settlers) settle()
    }
    await published
  }

  /** All messages of a conversation take the same path, so that their order holds. */
  function partitionByCache(batch: readonly Queued[]): [Queued[], Queued[]] {
    const uncached = new Set<number>()
    for (const { send } of batch) {
      if (!canAppendOptimistically(app.conversationCache, send)) uncached.add(send.conversationId)
    }
    return partition(batch, ({ send }) => !uncached.has(send.conversationId))
  }

  /** Sends the next batch to the database before it publishes this one, so that the database does not idle. */
  async function publishAfterNextBatch(settlers: readonly (() => void)[]) {
    await new Promise(setImmediate)
    for (const settle of settlers) settle()
  }

  /** Resolves after commit with the function that publishes and settles the batch; never rejects. */
  async function write(batch: readonly Queued[], shortcut?: () => Promise<AppendedBatch | null>) {
    if (batch.length === 0) return () => {}
    const sends = sendsOf(batch)
    try {
      const appended = await inTransaction(app.db, (trx, isRetry) => appendLocked(trx, sends, isRetry), shortcut)
      app.conversationCache.put(appended.conversations)
      return () => publishAndResolve(batch, appended)
    } catch (error) {
      return () => {
        for (const item of batch) item.reject(error)
      }
    }
  }

  function publishAndResolve(batch: readonly Queued[], { outcomes, changes }: AppendedBatch) {
    publishMessages(app, sendsOf(batch), outcomes, changes)
    batch.forEach((item, index) => {
      const outcome = outcomes[index] as Appended | AppError
      if (outcome instanceof AppError) item.reject(outcome)
      else item.resolve(outcome)
    })
  }

  return {
    append(send) {
      if (queue.size() >= serverLimits.writerQueue) {
        return Promise.reject(new AppError('overloaded', 'Too many messages are waiting to be written.'))
      }
      return new Promise((resolve, reject) => {
        queue.add({ send, resolve, reject })
        // The database works on a full batch while this node still reads the rest of the tick.
        if (queue.readyCount() >= serverLimits.fullBatchRows) startLoops()
        else scheduleFlush()
      })
    },
    async drain() {
      while (queue.size() > 0 || loops.size > 0) {
        await (loops.size > 0 ? Promise.all(loops) : new Promise(setImmediate))
      }
    },
  }
}

const sendsOf = (batch: readonly Queued[]) => batch.map((item) => item.send)

function partition<T>(all: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const first: T[] = []
  const second: T[] = []
  for (const item of all) (isFirst(item) ? first : second).push(item)
  return [first, second]
}
