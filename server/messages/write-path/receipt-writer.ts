// Group commit of read receipts: while one batch commits, new receipts queue up for the next. Receipts of one reader in
// one conversation coalesce into the newest. Each is published and acknowledged after commit.

import type { Receipt } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { ConversationUpdates } from '../../conversation-state/publish-conversation.ts'
import { type UpdateDeps, updateConversations } from '../../conversation-state/update-conversations.ts'
import type { Publish } from '../../ports.ts'
import { AppError } from '../../shared/errors.ts'
import { type AppliedReceipt, applyReceipts, type ReadRequest } from './apply-receipts.ts'

export interface ReceiptWriter {
  /**
   * Resolves after commit with how far the reader's side has read. Rejects with AppError, `overloaded` when the queue
   * is full.
   */
  mark(request: ReadRequest): Promise<Receipt>
  /** Resolves once the queue is empty. */
  drain(): Promise<void>
}

interface Queued {
  request: ReadRequest
  callers: PromiseWithResolvers<Receipt>[]
}

interface Deps extends UpdateDeps {
  publish: Publish
  conversationUpdates: ConversationUpdates
}

export function createReceiptWriter(app: Deps): ReceiptWriter {
  /** By conversation and reader, oldest first. */
  const queue = new Map<string, Queued>()
  let running: Promise<void> | null = null

  async function writeLoop() {
    // All receipts of this tick of the event loop share a batch.
    await new Promise(setImmediate)
    while (queue.size > 0) {
      const batch = [...queue].slice(0, serverLimits.writerBatchRows)
      for (const [key] of batch) queue.delete(key)
      await write(batch.map(([, item]) => item))
    }
    running = null
  }

  async function write(batch: readonly Queued[]) {
    try {
      const requests = batch.map(({ request }) => request)
      const ids = requests.map(({ conversationId }) => conversationId)
      const outcomes = await updateConversations(app, ids, (locked, unit) => applyReceipts(requests, locked, unit))
      batch.forEach((item, index) => {
        publishAndSettle(item, outcomes[index] as AppliedReceipt | AppError)
      })
    } catch (error) {
      for (const { callers } of batch) for (const caller of callers) caller.reject(error)
    }
  }

  function publishAndSettle({ request, callers }: Queued, outcome: AppliedReceipt | AppError) {
    if (outcome instanceof AppError) {
      for (const caller of callers) caller.reject(outcome)
      return
    }
    const { receipt, shouldPublish } = outcome
    if (shouldPublish) {
      const { conversationId } = receipt
      app.publish('receipt:updated', { conversationId, userId: request.actor.userId }, receipt)
      app.conversationUpdates.schedule(conversationId, 'read')
    }
    for (const caller of callers) caller.resolve(receipt)
  }

  return {
    mark(request) {
      const caller = Promise.withResolvers<Receipt>()
      const key = `${request.conversationId} ${request.actor.userId}`
      const queued = queue.get(key)
      if (queued) {
        queued.request = { ...request, seq: Math.max(request.seq, queued.request.seq) }
        queued.callers.push(caller)
      } else if (queue.size >= serverLimits.writerQueue) {
        caller.reject(new AppError('overloaded', 'Too many receipts are waiting to be written.'))
      } else {
        queue.set(key, { request, callers: [caller] })
        running ??= writeLoop()
      }
      return caller.promise
    },
    async drain() {
      await running
    },
  }
}
