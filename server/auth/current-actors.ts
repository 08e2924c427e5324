// Who acts on this node just now: the actor of each connection and of each call under way. Ending a session marks them, so that what is
// written without asking the database again (messages, receipts, typing) is refused from then on.

import type { ConnectionMatch } from '../ports.ts'
import type { Actor } from '../shared/actor.ts'

/** One whose rows are being read, or an actor. */
interface Entered {
  userId: number
  sessionId: number
  isEnded?: boolean
}

export interface CurrentActors {
  /**
   * Enters the one that `read` finds, from before it reads, so that a session that ends meanwhile is noticed. Undefined where there is none,
   * or it has just ended.
   */
  enter(who: Pick<Actor, 'userId' | 'sessionId'>, read: () => Promise<Actor | undefined>): Promise<Actor | undefined>
  leave(actor: Actor): void
  /** Marks all that match: nothing more is done for them. */
  end(match: ConnectionMatch): void
  all(): Actor[]
}

export function createCurrentActors(): CurrentActors {
  const entered = new Set<Entered>()
  return {
    async enter({ userId, sessionId }, read) {
      const one: Entered = { userId, sessionId, isEnded: false }
      entered.add(one)
      let found: Actor | undefined
      try {
        found = await read()
      } finally {
        if (found === undefined || one.isEnded) entered.delete(one)
      }
      return found === undefined || one.isEnded ? undefined : Object.assign(one, found)
    },
    leave: (actor) => void entered.delete(actor),
    end(match) {
      for (const one of entered) if (isMeant(one, match)) one.isEnded = true
    },
    all: () => [...entered].filter((one): one is Actor => 'role' in one),
  }
}

function isMeant({ userId, sessionId }: Entered, match: ConnectionMatch): boolean {
  return (
    userId === match.userId &&
    (match.sessionId === undefined || sessionId === match.sessionId) &&
    sessionId !== match.exceptSessionId
  )
}
