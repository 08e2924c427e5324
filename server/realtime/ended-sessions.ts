// Ends connections, and calls under way, whose session or user was ended elsewhere (another node that could not tell us, a command), within
// limits.endedSessionsMs. Here and through Redis they end at once.

import { listLiveCustomerSessions } from '#db/customer-sessions.ts'
import { listLiveLoginSessions } from '#db/login-sessions.ts'
import { limits } from '#protocol/limits.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { endConnection, type OpenConnections } from './open-connections.ts'

export function watchEndedSessions(app: App, connections: OpenConnections): { stop(): void } {
  let running = false

  async function look() {
    const [customers, agents] = [[], []] as [Actor[], Actor[]]
    for (const one of app.actors.all()) (isCustomer(one) ? customers : agents).push(one)
    await endThoseNotIn(customers, (ids) => listLiveCustomerSessions(app.db, ids))
    await endThoseNotIn(agents, (ids) => listLiveLoginSessions(app.db, ids))
    for (const connection of connections.all()) if (connection.actor.isEnded) endConnection(connection, 'revoked')
  }

  async function endThoseNotIn(actors: Actor[], listLive: (ids: number[]) => Promise<number[]>) {
    for (let from = 0; from < actors.length; from += limits.endedSessionsRows) {
      const some = actors.slice(from, from + limits.endedSessionsRows)
      const live = new Set(await listLive(some.map(({ sessionId }) => sessionId)))
      for (const actor of some) if (!live.has(actor.sessionId)) actor.isEnded = true
    }
  }

  const timer = setInterval(() => {
    if (running) return
    running = true
    look()
      .catch((error: unknown) => app.log.warn({ err: error }, 'could not look for ended sessions'))
      .finally(() => {
        running = false
      })
  }, limits.endedSessionsMs)

  return { stop: () => clearInterval(timer) }
}
