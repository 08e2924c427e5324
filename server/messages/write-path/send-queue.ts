// FIFO of messages to write. A conversation is in at most one batch at a time: messages for one that is being written
// stay queued, and move behind those of other conversations.
//
// An array, not a Map: V8's rehashed tables keep a pointer to their successor. Once an old table is tenured, everything
// that was ever in its successors is tenured too, until the next full collection.

import { serverLimits } from '#protocol/limits/server.ts'

interface Queued {
  send: { conversationId: number; content: string }
}

export interface SendQueue<Q extends Queued> {
  add(item: Q): void
  /** Messages that could be written now. */
  readyCount(): number
  /** All queued messages, blocked ones included. */
  size(): number
  /**
   * Dequeues ready messages, up to serverLimits.writerBatchRows and serverLimits.writerBatchBytes (UTF-16 units count
   * double), at least one.
   */
  nextBatch(): Q[]
  /** Unblocks the conversations of a batch that `nextBatch` returned. */
  complete(batch: readonly Q[]): void
}

export function createSendQueue<Q extends Queued>(): SendQueue<Q> {
  let queued: Q[] = []
  let readyCount = 0
  /** The conversations of each batch that is being written. */
  let inFlight: ReadonlySet<number>[] = []

  const isBlocked = ({ send }: Q) => inFlight.some((conversations) => conversations.has(send.conversationId))
  const countReady = () => {
    readyCount = inFlight.length === 0 ? queued.length : queued.reduce((n, item) => (isBlocked(item) ? n : n + 1), 0)
  }

  return {
    readyCount: () => readyCount,
    size: () => queued.length,
    add(item) {
      queued.push(item)
      if (!isBlocked(item)) readyCount += 1
    },
    nextBatch() {
      const batch: Q[] = []
      const conversations = new Set<number>()
      const remaining: Q[] = []
      const deferred: Q[] = []
      let bytes = 0
      let isFull = false
      for (const item of queued) {
        const { conversationId, content } = item.send
        const isInBatch = conversations.has(conversationId)
        if (!isFull && !isBlocked(item)) {
          bytes += content.length * 2
          isFull =
            batch.length === serverLimits.writerBatchRows || (batch.length > 0 && bytes > serverLimits.writerBatchBytes)
          if (!isFull) {
            batch.push(item)
            conversations.add(conversationId)
            continue
          }
        }
        if (isInBatch) deferred.push(item)
        else remaining.push(item)
      }
      queued = remaining.concat(deferred)
      inFlight = [...inFlight, conversations]
      countReady()
      return batch
    },
    complete([first]) {
      inFlight = inFlight.filter((conversations) => !first || !conversations.has(first.send.conversationId))
      countReady()
    },
  }
}
