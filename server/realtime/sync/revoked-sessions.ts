// Closes connections, and aborts calls in progress, whose session or user was revoked by another process, within
// serverLimits.revokedSessionsMs. This node's own revocations, and those that arrive over the bus, act immediately.

import { selectActiveCustomerSessions } from '#db/queries/customer-sessions.ts'
import { selectActiveLoginSessions } from '#db/queries/login-sessions.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { type Actor, isCustomer } from '../../shared/actor.ts'
import type { ConnectionRegistry } from '../connection-registry.ts'
import { endConnection } from '../end-connection.ts'

/** Compares every actor of this node with the database once. */
export async function endLapsed(
  { db, actors }: Pick<App, 'db' | 'actors'>,
  connections: ConnectionRegistry,
): Promise<void> {
  const [customers, agents] = [[], []] as [Actor[], Actor[]]
  for (const actor of actors.all()) (isCustomer(actor) ? customers : agents).push(actor)
  await markRevoked(customers, (ids) => selectActiveCustomerSessions(db, ids))
  await markRevoked(agents, (ids) => selectActiveLoginSessions(db, ids))
  for (const connection of connections.all()) if (connection.actor.isEnded) endConnection(connection, 'revoked')
}

async function markRevoked(actors: Actor[], listLive: (ids: number[]) => Promise<number[]>) {
  for (let from = 0; from < actors.length; from += serverLimits.revokedSessionsRows) {
    const page = actors.slice(from, from + serverLimits.revokedSessionsRows)
    const live = new Set(await listLive(page.map(({ sessionId }) => sessionId)))
    for (const actor of page) if (!live.has(actor.sessionId)) actor.isEnded = true
  }
}

export function watchRevokedSessions(app: App): { stop(): void } {
  let running = false

  const timer = setInterval(() => {
    if (running) return
    running = true
    app.connections
      .endLapsed()
      .catch((error: unknown) => app.log.warn({ err: error }, 'revoked session check failed'))
      .finally(() => {
        running = false
      })
  }, serverLimits.revokedSessionsMs)

  return { stop: () => clearInterval(timer) }
}
