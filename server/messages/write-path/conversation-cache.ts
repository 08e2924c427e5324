// The last state of each conversation that a transaction of this node read under its lock or committed. Optimistic
// appends start from it. Stale entries are safe: the append fails if `version` or `lastSeq` changed. Agent presence
// does not change `version`, so entries expire.

import type { ConversationChanges } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'

export interface ConversationCache {
  /** Adds states that a transaction read under their locks, and what it committed. */
  put(changes: readonly ConversationChanges[]): void
  /** Applies an append that was based on an entry. It read nothing, so the entry keeps its expiry. */
  advance(changes: readonly ConversationChanges[]): void
  /** Undefined unless a confirmed entry exists. The state is read-only. */
  get(conversationId: number): LockedConversation | undefined
  clear(): void
}

interface Entry {
  state: LockedConversation
  /**
   * Two consecutive transactions of this node saw the same state. Otherwise another node may be writing, which would
   * reject our appends. The second read also covers columns of joined rows (customerBlockedAt): they may predate a lock
   * that we waited for.
   */
  isConfirmed: boolean
  /** When its transaction read the row. Locks serialize the reads, so a later one has the later state. */
  readAt: number
  expiresAt: number
}

/** `now`: milliseconds of a monotonic clock. */
export function createConversationCache(now: () => number = () => performance.now()): ConversationCache {
  const entries = new Map<number, Entry>()

  return {
    put(changes) {
      for (const { before, after } of changes) {
        const entry = entries.get(after.id)
        if (entry && isLater(entry, { before, after })) continue
        entries.delete(after.id)
        entries.set(after.id, {
          // The transaction read the presence of the previous agent only.
          state: after.agentId === before.agentId ? after : { ...after, agentPresence: null },
          isConfirmed: entry !== undefined && isSame(entry.state, before),
          readAt: before.receivedAt,
          expiresAt: now() + serverLimits.cachedConversationMs,
        })
        if (entries.size > serverLimits.cachedConversations) entries.delete(entries.keys().next().value as number)
      }
    },
    advance(changes) {
      for (const { before, after } of changes) {
        const entry = entries.get(after.id)
        if (entry && isSame(entry.state, before)) entry.state = after
      }
    },
    get(conversationId) {
      const entry = entries.get(conversationId)
      return entry?.isConfirmed && entry.expiresAt > now() ? entry.state : undefined
    },
    clear: () => entries.clear(),
  }
}

/** Versions decide between two transactions of one moment only: after a failover that lost commits they are lower. */
const isLater = ({ readAt, state }: Entry, { before, after }: ConversationChanges) =>
  readAt > before.receivedAt || (readAt === before.receivedAt && state.version >= after.version)

const isSame = (one: LockedConversation, other: LockedConversation) =>
  one.version === other.version && one.lastSeq === other.lastSeq
