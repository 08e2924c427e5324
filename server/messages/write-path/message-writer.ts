// Group commit: while batches commit, what arrives becomes the next (no timer, no artificial wait), so one message alone is as quick as
// the disk and many share few commits. A conversation is in one batch at a time, so its order holds. Told and answered after commit.

import { inTransaction } from '#db/core/transaction.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import type { ConversationUpdates } from '../../conversation-state/publish-conversation.ts'
import { AppError } from '../../shared/errors.ts'
import { type AppendedBatch, appendLocked } from './append-locked.ts'
import { appendOptimistic, canAppendOptimistically } from './append-optimistic.ts'
import type { Appended, Send } from './plan-appends.ts'
import { publishMessages } from './publish-messages.ts'
import { createSendQueue } from './send-queue.ts'

export interface MessageWriter {
  /** Writes a conversation's messages in the order of the calls. Resolves after commit; rejects with AppError, overloaded when too much waits. */
  append(send: Send): Promise<Appended>
  /** Resolves once nothing waits any more. */
  drain(): Promise<void>
}

interface Waiting {
  send: Send
  resolve(appended: Appended): void
  reject(error: unknown): void
}

export function createMessageWriter(
  app: Pick<App, 'db' | 'publish' | 'told' | 'known' | 'log'>,
  teller: ConversationUpdates,
): MessageWriter {
  const waiting = createSendQueue<Waiting>()
  const lanes = new Set<Promise<void>>()
  let isStarting = false

  /** When the turn of the event loop ends: what came in with it goes together. */
  function startSoon() {
    if (isStarting) return
    isStarting = true
    setImmediate(() => {
      isStarting = false
      startLanes()
    })
  }

  /** A second lane opens only when enough waits: each batch costs its statements, and one that is larger costs no more of them. */
  function startLanes() {
    while (lanes.size === 0 ? waiting.ready() > 0 : waiting.ready() >= serverLimits.fullBatchRows) {
      if (lanes.size === serverLimits.concurrentBatches) return
      const lane = run().finally(() => {
        lanes.delete(lane)
        startLanes()
      })
      lanes.add(lane)
    }
  }

  async function run() {
    let told = Promise.resolve()
    while (waiting.ready() > 0) {
      const batch = waiting.takeBatch()
      const [wellKnown, others] = byKnowledge(batch)
      const tells = await Promise.all([
        write(wellKnown, () => appendOptimistic(app, sendsOf(wellKnown))),
        write(others),
      ])
      waiting.written(batch)
      if (waiting.ready() > 0) told = afterTheNext(tells)
      else for (const tell of tells) tell()
    }
    await told
  }

  /** All of one conversation go the same way, so that their order holds. */
  function byKnowledge(batch: readonly Waiting[]): [Waiting[], Waiting[]] {
    const unknown = new Set<number>()
    for (const { send } of batch) if (!canAppendOptimistically(app.known, send)) unknown.add(send.conversationId)
    return partition(batch, ({ send }) => !unknown.has(send.conversationId))
  }

  /** The next batch leaves before this one is told, so that the database need not wait for that. */
  async function afterTheNext(tells: readonly (() => void)[]) {
    await new Promise(setImmediate)
    for (const tell of tells) tell()
  }

  /** Resolves after commit with what tells and answers; never rejects. */
  async function write(batch: readonly Waiting[], shortcut?: () => Promise<AppendedBatch | null>) {
    if (batch.length === 0) return () => {}
    const sends = sendsOf(batch)
    try {
      const appended = await inTransaction(app.db, (trx, again) => appendLocked(trx, sends, again), shortcut)
      app.known.note(appended.conversations)
      return () => tell(batch, appended)
    } catch (error) {
      return () => {
        for (const one of batch) one.reject(error)
      }
    }
  }

  function tell(batch: readonly Waiting[], { outcomes, changes }: AppendedBatch) {
    publishMessages(app, teller, sendsOf(batch), outcomes, changes)
    batch.forEach((one, index) => {
      const outcome = outcomes[index] as Appended | AppError
      if (outcome instanceof AppError) one.reject(outcome)
      else one.resolve(outcome)
    })
  }

  return {
    append(send) {
      if (waiting.all() >= serverLimits.writerQueue) {
        return Promise.reject(new AppError('overloaded', 'Too many messages are waiting to be written.'))
      }
      return new Promise((resolve, reject) => {
        waiting.add({ send, resolve, reject })
        // The database is at work while the rest of what has come is still read.
        if (waiting.ready() >= serverLimits.fullBatchRows) startLanes()
        else startSoon()
      })
    },
    async drain() {
      while (waiting.all() > 0 || lanes.size > 0)
        await (lanes.size > 0 ? Promise.all(lanes) : new Promise(setImmediate))
    },
  }
}

const sendsOf = (batch: readonly Waiting[]) => batch.map((one) => one.send)

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  const first: T[] = []
  const second: T[] = []
  for (const one of all) (isFirst(one) ? first : second).push(one)
  return [first, second]
}
