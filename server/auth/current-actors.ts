// Tracks the actors of this node: entry per connection and per call in progress. Ending a session marks them, which
// rejects writes that do not read the session again (messages, receipts, typing).

import type { ConnectionMatch } from '../ports.ts'
import type { Actor } from '../shared/actor.ts'

/** An actor, or one whose rows are still being read. */
interface Entry {
  userId: number
  sessionId: number
  isEnded?: boolean
}

export interface CurrentActors {
  /**
   * Registers before `read` runs, so that a session that ends meanwhile is noticed. Undefined if `read` finds none or
   * the session has just ended.
   */
  enter(ids: Pick<Actor, 'userId' | 'sessionId'>, read: () => Promise<Actor | undefined>): Promise<Actor | undefined>
  leave(actor: Actor): void
  /** Marks all matching actors as ended. */
  end(match: ConnectionMatch): void
  all(): Actor[]
}

export function createCurrentActors(): CurrentActors {
  const entries = new Set<Entry>()
  return {
    async enter({ userId, sessionId }, read) {
      const entry: Entry = { userId, sessionId, isEnded: false }
      entries.add(entry)
      let found: Actor | undefined
      try {
        found = await read()
      } finally {
        if (found === undefined || entry.isEnded) entries.delete(entry)
      }
      return found === undefined || entry.isEnded ? undefined : Object.assign(entry, found)
    },
    leave: (actor) => void entries.delete(actor),
    end(match) {
      for (const entry of entries) if (matches(entry, match)) entry.isEnded = true
    },
    all: () => [...entries].filter((entry): entry is Actor => 'role' in entry),
  }
}

function matches({ userId, sessionId }: Entry, match: ConnectionMatch): boolean {
  return (
    userId === match.userId &&
    (match.sessionId === undefined || sessionId === match.sessionId) &&
    sessionId !== match.exceptSessionId
  )
}
