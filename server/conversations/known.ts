// How conversations stood when a transaction of this node last left them. Nothing is decided for good by it: it lets a message be written
// without asking first, in a statement that fails where the version is another by now. So it may be wrong, but only in what moves the version;
// whether the agent is here does not, and is therefore believed for a while alone.

import type { ConversationChanges, LockedConversation } from '#db/conversations.ts'
import { limits } from '#protocol/limits.ts'

export interface KnownConversations {
  /** To be told of each change after its commit. */
  note(changes: readonly ConversationChanges[]): void
  /** As it was left; undefined where it is not known well enough. Not to be changed. */
  find(conversationId: number): LockedConversation | undefined
  /** Whether the times of one of them may be due to move on; asked when they are about to be written, and then they are taken to have moved. */
  moves(conversationIds: readonly number[]): boolean
  /** After a commit that rested on what was known: nothing was read anew, so it is good for no longer than before. */
  grew(changes: readonly ConversationChanges[]): void
}

interface Known {
  state: LockedConversation
  /** Nobody else has changed it since we did before: another node at work on the same conversation would make us fail time and again. */
  isOurs: boolean
  goodUntil: number
  movesAt: number
}

/** `now`: milliseconds of a clock that nobody sets. */
export function createKnownConversations(now: () => number = () => performance.now()): KnownConversations {
  const known = new Map<number, Known>()

  return {
    note(changes) {
      for (const { before, after } of changes) {
        const was = known.get(after.id)
        if (was && was.state.version >= after.version) continue
        known.delete(after.id)
        known.set(after.id, {
          // Whoever has it now was not looked at.
          state: after.agentId === before.agentId ? after : { ...after, agentPresence: null },
          isOurs: was === undefined || was.state.version === before.version,
          goodUntil: now() + limits.knownConversationMs,
          movesAt: 0,
        })
        if (known.size > limits.knownConversations) known.delete(known.keys().next().value as number)
      }
    },
    find(conversationId) {
      const one = known.get(conversationId)
      return one?.isOurs && one.goodUntil > now() ? one.state : undefined
    },
    moves(conversationIds) {
      const time = now()
      let due = false
      for (const id of conversationIds) {
        const one = known.get(id)
        if (!one || one.movesAt > time) continue
        one.movesAt = time + limits.timeStepMs
        due = true
      }
      return due
    },
    grew(changes) {
      for (const { after } of changes) {
        const one = known.get(after.id)
        if (one && one.state.version < after.version) one.state = after
      }
    },
  }
}
