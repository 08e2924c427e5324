// How conversations stood when a transaction of this node last left them. Nothing is decided for good by it: it lets a message be written
// without asking first, in a statement that fails where the version is another by now. So it may be wrong, but only in what moves the version;
// whether the agent is here does not, and is therefore believed for a while alone. So is the time, which the same statement has checked.

import type { ConversationChanges } from '#db/queries/conversation-changes.ts'
import type { LockedConversation } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { createDatabaseClock, type Moment } from './database-clock.ts'

export interface ConversationCache {
  /** To be told of each change after its commit, and of what was locked and left as it was. */
  note(changes: readonly ConversationChanges[]): void
  /** As it was left; undefined where it is not known well enough. Not to be changed. */
  find(conversationId: number): LockedConversation | undefined
  /** The database's time; undefined when it is not known well enough. */
  time(): Moment | undefined
  /** To be told when the database has refused what rested on that. */
  invalidateClock(): void
}

interface Known {
  state: LockedConversation
  /**
   * We have met it twice as we had left it or seen it. Where another node is at work too we would be refused time and again; and what stands
   * beside a row that was waited for (whether the customer is blocked) may have been read before the row, which a second reading shows.
   */
  isOurs: boolean
  goodUntil: number
}

/** `now`: milliseconds of a clock that nobody sets. */
export function createConversationCache(now: () => number = () => performance.now()): ConversationCache {
  const known = new Map<number, Known>()
  const time = createDatabaseClock(now)

  return {
    note(changes) {
      for (const { before, after } of changes) {
        const was = known.get(after.id)
        if (was?.state === before) {
          // It rested on what was known: nothing was read anew.
          was.state = after
          continue
        }
        time.note(before)
        if (was && was.state.version >= after.version) continue
        known.delete(after.id)
        known.set(after.id, {
          // Whoever has it now was not looked at.
          state: after.agentId === before.agentId ? after : { ...after, agentPresence: null },
          isOurs: was !== undefined && was.state.version === before.version,
          goodUntil: now() + serverLimits.cachedConversationMs,
        })
        if (known.size > serverLimits.cachedConversations) known.delete(known.keys().next().value as number)
      }
    },
    find(conversationId) {
      const one = known.get(conversationId)
      return one?.isOurs && one.goodUntil > now() ? one.state : undefined
    },
    time: time.read,
    invalidateClock: time.doubt,
  }
}
