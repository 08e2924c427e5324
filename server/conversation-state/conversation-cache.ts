// The last state of each conversation that a transaction of this node committed or read under its lock. Optimistic
// appends start from it. Stale entries are safe: the append fails if `version` changed. Agent presence does not change
// `version`, so entries expire.

import type { ConversationChanges } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { type ClockReading, createDatabaseClock } from './database-clock.ts'

export interface ConversationCache {
  /** Call it after each commit, with the changed conversations and with those that were locked and left unchanged. */
  put(changes: readonly ConversationChanges[]): void
  /** Undefined unless a confirmed entry exists. The state is read-only. */
  get(conversationId: number): LockedConversation | undefined
  /** The database's current time; undefined without a recent sample. */
  readClock(): ClockReading | undefined
  /** Call it when the database rejected a time that came from `readClock`. */
  invalidateClock(): void
}

interface Entry {
  state: LockedConversation
  /**
   * Two consecutive transactions of this node saw the same version. Otherwise another node may be writing, which would
   * reject our appends. The second read also covers columns of joined rows (customerBlockedAt): they may predate a lock
   * that we waited for.
   */
  isConfirmed: boolean
  expiresAt: number
}

/** `now`: milliseconds of a monotonic clock. */
export function createConversationCache(now: () => number = () => performance.now()): ConversationCache {
  const entries = new Map<number, Entry>()
  const clock = createDatabaseClock(now)

  return {
    put(changes) {
      for (const { before, after } of changes) {
        const entry = entries.get(after.id)
        if (entry?.state === before) {
          // Same object: an optimistic append, which read nothing. So the entry does not get a new expiry.
          entry.state = after
          continue
        }
        clock.addSample(before)
        if (entry && entry.state.version >= after.version) continue
        entries.delete(after.id)
        entries.set(after.id, {
          // The transaction read the presence of the previous agent only.
          state: after.agentId === before.agentId ? after : { ...after, agentPresence: null },
          isConfirmed: entry !== undefined && entry.state.version === before.version,
          expiresAt: now() + serverLimits.cachedConversationMs,
        })
        if (entries.size > serverLimits.cachedConversations) entries.delete(entries.keys().next().value as number)
      }
    },
    get(conversationId) {
      const entry = entries.get(conversationId)
      return entry?.isConfirmed && entry.expiresAt > now() ? entry.state : undefined
    },
    readClock: clock.read,
    invalidateClock: clock.invalidate,
  }
}
