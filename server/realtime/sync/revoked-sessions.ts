// Ends connections, and calls under way, whose session or user was ended elsewhere (another node that could not tell us, a command), within
// serverLimits.revokedSessionsMs. Here and through Redis they end at once.

import { selectActiveCustomerSessions } from '#db/queries/customer-sessions.ts'
import { selectActiveLoginSessions } from '#db/queries/login-sessions.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import { type ConnectionRegistry, endConnection } from '../connection-registry.ts'

/** Looks once, and ends what it finds. */
export async function endLapsed(
  { db, actors }: Pick<App, 'db' | 'actors'>,
  connections: ConnectionRegistry,
): Promise<void> {
  const [customers, agents] = [[], []] as [Actor[], Actor[]]
  for (const one of actors.all()) (isCustomer(one) ? customers : agents).push(one)
  await markThoseNotIn(customers, (ids) => selectActiveCustomerSessions(db, ids))
  await markThoseNotIn(agents, (ids) => selectActiveLoginSessions(db, ids))
  for (const connection of connections.all()) if (connection.actor.isEnded) endConnection(connection, 'revoked')
}

async function markThoseNotIn(actors: Actor[], listLive: (ids: number[]) => Promise<number[]>) {
  for (let from = 0; from < actors.length; from += serverLimits.revokedSessionsRows) {
    const some = actors.slice(from, from + serverLimits.revokedSessionsRows)
    const live = new Set(await listLive(some.map(({ sessionId }) => sessionId)))
    for (const actor of some) if (!live.has(actor.sessionId)) actor.isEnded = true
  }
}

export function watchRevokedSessions(app: App): { stop(): void } {
  let running = false

  const timer = setInterval(() => {
    if (running) return
    running = true
    app.connections
      .endLapsed()
      .catch((error: unknown) => app.log.warn({ err: error }, 'could not look for ended sessions'))
      .finally(() => {
        running = false
      })
  }, serverLimits.revokedSessionsMs)

  return { stop: () => clearInterval(timer) }
}
