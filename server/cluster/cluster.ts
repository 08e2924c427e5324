// What nodes tell each other over the bus: events (Socket.IO's adapter), whose connections to end, and what was counted against rates.
// All of it only makes things quicker: what is lost is found in the database by comparison.ts and ended-sessions.ts.

import { createHash } from 'node:crypto'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Server } from 'socket.io'
import { findInstallation } from '#db/queries/installation.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App, ClosingReason, ConnectionMatch } from '../context.ts'
import type { ConnectionRegistry } from '../realtime/connection-registry.ts'
import type { Bus, BusListener } from './bus.ts'
import { isBroadcast, isClosingReason, isConnectionMatch, isNodeEvent } from './bus-shapes.ts'
import type { RefusedMessages } from './rejected-messages.ts'

export interface Cluster {
  /** Ends all that match on the other nodes. */
  end(match: ConnectionMatch, reason: ClosingReason): void
  stop(): void
}

/** Call before the first connection. Never waits for the bus. */
export async function joinCluster(
  app: Pick<App, 'db' | 'rates'>,
  io: Server,
  bus: Bus,
  refused: RefusedMessages,
  connections: ConnectionRegistry,
): Promise<Cluster> {
  // A Redis may serve several installations, and its channels know no databases.
  const installation = createHash('sha256').update(JSON.stringify(await findInstallation(app.db)))
  io.adapter(asAdapter(bus, `kefu:${installation.digest('base64url').slice(0, 16)}`, refused))

  // What a listener throws would end the process: the adapter waits for none of them.
  const onNodeEvent = (name: string, take: (...args: unknown[]) => void) =>
    io.on(name, (...args: unknown[]) => {
      try {
        take(...args)
      } catch (error) {
        refused.note('failed', error)
      }
    })
  onNodeEvent('connections:end', (match, reason) => {
    if (isConnectionMatch(match) && isClosingReason(reason)) connections.end(match, reason)
    else refused.note('malformed')
  })
  onNodeEvent('rates:counted', (counted) => app.rates.add(counted))
  const sharing = setInterval(() => {
    const counted = app.rates.drainDeltas()
    if (counted.length > 0) io.serverSideEmit('rates:counted', counted)
  }, serverLimits.sharedRatesMs)

  return {
    end: (match, reason) => void io.serverSideEmit('connections:end', match, reason),
    stop: () => clearInterval(sharing),
  }
}

/** The part of node-redis that the adapter uses for broadcasts and serverSideEmit; its other requests wait for answers, and are not used. */
function asAdapter(bus: Bus, key: string, refused: RefusedMessages) {
  const onlyGood = (isGood: (message: Buffer) => boolean, listener: BusListener): BusListener => {
    return (message, channel) => {
      try {
        if (message.length > serverLimits.busMessageBytes) refused.note('too large')
        else if (isGood(message)) listener(message, channel)
        else refused.note('malformed')
      } catch (error) {
        refused.note('malformed', error)
      }
    }
  }
  const client = {
    publish: bus.publish,
    // Its own decoder checks the shape, so that it is decoded once.
    pSubscribe: (pattern: string, listener: BusListener) =>
      bus.subscribe(
        { pattern },
        onlyGood(() => true, listener),
      ),
    // Nobody asks, so whatever comes as an answer is nobody's.
    subscribe: (channels: string[], listener: BusListener) =>
      bus.subscribe(
        channels.filter((channel) => channel.startsWith(`${key}-request#`)),
        onlyGood(isNodeEvent, listener),
      ),
    on: () => {},
  }
  const create = createAdapter(client, client, { key })
  return function createChecked(namespace: unknown) {
    const adapter = create(namespace)
    const { decode, encode } = adapter.parser
    Object.assign(adapter, {
      parser: {
        encode,
        decode(message: Buffer) {
          const decoded: unknown = decode(message)
          if (isBroadcast(decoded)) return decoded
          throw new SyntaxError('not what a broadcast looks like')
        },
      },
    })
    return adapter
  }
}
