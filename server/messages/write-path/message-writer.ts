// Group commit of messages: while batches commit, new messages queue up for the next one. No timer delays a batch. A
// conversation is in at most one batch at a time, so its order holds. README.md lists the steps.

import { serverLimits } from '#protocol/limits/server.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'
import type { Appended, AppendedBatch, MessageStore } from './message-store.ts'
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

export function createMessageWriter(app: PublishMessagesDeps, store: MessageStore): MessageWriter {
  const queue = createSendQueue<Queued>()
  const loops = new Set<Promise<void>>()
  let isFlushScheduled = false
  let latestBatchAt = 0
  let slowBatchTimer: NodeJS.Timeout | undefined

  /** At the end of the event loop's tick, so that all messages of the tick share a batch. */
  function scheduleFlush() {
    if (isFlushScheduled) return
    isFlushScheduled = true
    setImmediate(() => {
      isFlushScheduled = false
      startLoops()
    })
  }

  /**
   * A second loop starts only for a full batch, since each batch costs the same statements, whatever its size; or when
   * the running batch is slow, since it may wait for a row that somebody else has locked.
   */
  function isLoopDue() {
    if (loops.size === 0) return queue.readyCount() > 0
    if (queue.readyCount() >= serverLimits.fullBatchRows) return true
    return queue.readyCount() > 0 && performance.now() - latestBatchAt >= serverLimits.slowBatchMs
  }

  function startLoops() {
    while (loops.size < serverLimits.concurrentBatches && isLoopDue()) {
      const loop = writeLoop().finally(() => {
        loops.delete(loop)
        startLoops()
      })
      loops.add(loop)
    }
    if (loops.size < serverLimits.concurrentBatches && queue.readyCount() > 0) watchForSlowBatch()
  }

  /** Starts the second loop even if no further message arrives while the running batch is slow. */
  function watchForSlowBatch() {
    if (slowBatchTimer) return
    slowBatchTimer = setTimeout(() => {
      slowBatchTimer = undefined
      startLoops()
    }, serverLimits.slowBatchMs)
  }

  async function writeLoop() {
    let published = Promise.resolve()
    while (queue.readyCount() > 0) {
      const batch = queue.nextBatch()
      latestBatchAt = performance.now()
      const settle = await write(batch)
      queue.complete(batch)
      if (queue.readyCount() > 0) published = publishAfterNextBatch(settle)
      else settle()
    }
    await published
  }

  /** Sends the next batch to the database before it publishes this one, so that the database does not idle. */
  async function publishAfterNextBatch(settle: () => void) {
    await new Promise(setImmediate)
    settle()
  }

  /** Resolves after commit with the function that publishes and settles the batch; never rejects. */
  async function write(batch: readonly Queued[]) {
    try {
      const appended = await store.append(sendsOf(batch))
      return () => publishAndResolve(batch, appended)
    } catch (error) {
      return () => {
        for (const item of batch) item.reject(error)
      }
    }
  }

  function publishAndResolve(batch: readonly Queued[], appended: AppendedBatch) {
    publishMessages(app, sendsOf(batch), appended)
    batch.forEach((item, index) => {
      const outcome = appended.outcomes[index] as Appended | Error
      if (outcome instanceof Error) item.reject(outcome)
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
