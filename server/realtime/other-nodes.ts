// What nodes tell each other over the bus: events (Socket.IO's adapter), whose connections to end, and what was counted against rates.
// All of it only makes things quicker: what is lost is found in the database by comparison.ts and ended-sessions.ts.

import { createHash } from 'node:crypto'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Server } from 'socket.io'
import { findInstallation } from '#db/installation.ts'
import { limits } from '#protocol/limits.ts'
import type { App, ClosingReason, ConnectionMatch } from '../context.ts'
import type { Bus, BusListener } from './bus.ts'
import type { OpenConnections } from './open-connections.ts'

export interface OtherNodes {
  /** Ends all that match on the other nodes. */
  end(match: ConnectionMatch, reason: ClosingReason): void
  stop(): void
}

/** Call before the first connection. Never waits for the bus. */
export async function joinOtherNodes(
  app: Pick<App, 'db' | 'rates'>,
  io: Server,
  bus: Bus,
  connections: OpenConnections,
): Promise<OtherNodes> {
  // A Redis may serve several installations, and its channels know no databases.
  const installation = createHash('sha256').update(JSON.stringify(await findInstallation(app.db)))
  io.adapter(asAdapter(bus, `kefu:${installation.digest('base64url').slice(0, 16)}`))

  io.on('connections:end', (match: ConnectionMatch, reason: ClosingReason) => connections.end(match, reason))
  io.on('rates:counted', (counted: [string, number][]) => app.rates.add(counted))
  const sharing = setInterval(() => {
    const counted = app.rates.drainDeltas()
    if (counted.length > 0) io.serverSideEmit('rates:counted', counted)
  }, limits.sharedRatesMs)

  return {
    end: (match, reason) => void io.serverSideEmit('connections:end', match, reason),
    stop: () => clearInterval(sharing),
  }
}

/** The part of node-redis that the adapter uses for broadcasts and serverSideEmit; its other requests wait for answers, and are not used. */
function asAdapter(bus: Bus, key: string) {
  const client = {
    publish: bus.publish,
    pSubscribe: (pattern: string, listener: BusListener) => bus.subscribe({ pattern }, listener),
    subscribe: (channels: string[], listener: BusListener) => bus.subscribe(channels, listener),
    on: () => {},
  }
  return createAdapter(client, client, { key })
}
