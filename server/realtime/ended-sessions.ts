// Ends connections whose session or user was ended elsewhere (another node that could not tell us, a command), within
// limits.endedSessionsMs. Here and through Redis they end at once.

import { listLiveCustomerSessions } from '#db/customer-sessions.ts'
import { listLiveLoginSessions } from '#db/login-sessions.ts'
import { limits } from '#protocol/limits.ts'
import { isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import type { Connection } from './connection.ts'
import type { OpenConnections } from './open-connections.ts'
import { publishClosing } from './publish.ts'

export function watchEndedSessions(app: App, connections: OpenConnections): { stop(): void } {
  let running = false

  async function look() {
    const [customers, agents] = [[], []] as [Connection[], Connection[]]
    for (const one of connections.all()) (isCustomer(one.actor) ? customers : agents).push(one)
    await endThoseNotIn(customers, (ids) => listLiveCustomerSessions(app.db, ids))
    await endThoseNotIn(agents, (ids) => listLiveLoginSessions(app.db, ids))
  }

  async function endThoseNotIn(open: Connection[], listLive: (ids: number[]) => Promise<number[]>) {
    for (let from = 0; from < open.length; from += limits.endedSessionsRows) {
      const some = open.slice(from, from + limits.endedSessionsRows)
      const live = new Set(await listLive(some.map(({ actor }) => actor.sessionId)))
      for (const { socket, actor } of some) if (!live.has(actor.sessionId)) publishClosing(socket, 'revoked')
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
