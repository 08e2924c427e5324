// Optimistic append: writes a batch of messages in one round trip, against cached states. The database rejects the
// batch as a whole if any of them changed, a message already exists, or the time is off; the locked append takes over.

import type { Database } from '#db/core/database.ts'
import { DatabaseUnavailable, errnoOf, isNotNullViolation } from '#db/core/errors.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { appendInOneRoundTrip } from '#db/queries/optimistic-append.ts'
import type { Send } from '../send.ts'
import type { ConversationCache } from './conversation-cache.ts'
import type { DatabaseClock } from './database-clock.ts'
import type { AppendedBatch, MessageStore } from './message-store.ts'
import { type PlannedAppends, planAppends, toAppended } from './plan-appends.ts'

/** Appends cached conversations optimistically, and all others through `lockedStore`. */
export function optimisticStore(
  { db }: { db: Database },
  lockedStore: MessageStore,
  cache: ConversationCache,
  clock: DatabaseClock,
): MessageStore {
  /** Text without an attachment, in a cached conversation whose state needs no decision by the database. */
  function canAppendOptimistically(send: Send): boolean {
    if (send.attachmentId !== undefined) return false
    const conversation = cache.get(send.conversationId)
    if (conversation === undefined || conversation.status === 'closed') return false
    // An offline agent may have become absent since, which only the database knows.
    return conversation.status !== 'pending' || isPresent(conversation.agentPresence)
  }

  /** Null if a decision needs the database. */
  function plan(sends: readonly Send[]): (PlannedAppends & { now: string }) | null {
    let reading = clock.read()
    if (reading === undefined) return null
    const locked = new Map<number, LockedConversation>()
    for (const { conversationId } of sends) {
      const state = cache.get(conversationId)
      if (!state) return null
      locked.set(conversationId, state)
      // Never before the last message of a conversation: a new estimate may be behind the previous one.
      if (state.now > reading.now) reading = state
    }
    const state = { locked, clock: reading, attachments: new Map(), existing: new Map(), isRetry: false }
    const planned = planAppends(sends, state)
    return planned.hasRejected || planned.changes.size > 0 ? null : { ...planned, now: reading.now }
  }

  /** Null if nothing was written and the batch needs the locked append. */
  async function appendOptimistic(sends: readonly Send[]): Promise<AppendedBatch | null> {
    const appended = await appendInOneRoundTrip(db, () => plan(sends))
    if (appended === null) return null
    const { planned, ids } = appended
    cache.advance(planned.conversations)
    return { outcomes: toAppended(planned, ids), changes: planned.changes }
  }

  async function appendCached(sends: readonly Send[]): Promise<AppendedBatch> {
    let isRetry = false
    try {
      const appended = await appendOptimistic(sends)
      if (appended !== null) return appended
    } catch (error) {
      isRetry = error instanceof DatabaseUnavailable
      if (!isRetry && errnoOf(error) === 0) throw error
      if (isNotNullViolation(error)) clock.invalidate()
    }
    return lockedStore.append(sends, isRetry)
  }

  return {
    async append(batch) {
      const uncached = new Set<number>()
      for (const send of batch) if (!canAppendOptimistically(send)) uncached.add(send.conversationId)
      if (uncached.size === 0) return appendCached(batch)
      // All messages of a conversation take the same path, so that their order holds.
      const isCached = ({ conversationId }: Send) => !uncached.has(conversationId)
      const [cached, others] = [batch.filter(isCached), batch.filter((send) => !isCached(send))]
      if (cached.length === 0) return lockedStore.append(others)
      const parts = await Promise.allSettled([appendCached(cached), lockedStore.append(others)])
      const [fromCached, fromOthers] = [partResult(parts[0], cached), partResult(parts[1], others)]
      return {
        outcomes: batch.map((send) => (isCached(send) ? fromCached : fromOthers).outcomes.shift() as Error),
        changes: new Map([...fromCached.changes, ...fromOthers.changes]),
      }
    },
  }
}

const isPresent = (presence: string | null) => presence === 'online' || presence === 'busy'

/** A part that failed does not fail the other. */
const partResult = (part: PromiseSettledResult<AppendedBatch>, sends: readonly Send[]): AppendedBatch =>
  part.status === 'fulfilled' ? part.value : { outcomes: sends.map(() => part.reason as Error), changes: new Map() }
