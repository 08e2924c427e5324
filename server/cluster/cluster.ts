// Joins the nodes of one installation over the bus: event broadcasts (Socket.IO's adapter), connections to close, rate
// limit counts. Delivery is best effort: reconciler.ts and revoked-sessions.ts recover from the database.

import { createHash } from 'node:crypto'
import { createAdapter } from '@socket.io/redis-adapter'
import type { Server } from 'socket.io'
import { findInstallation } from '#db/queries/installation.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../context.ts'
import type { ClosingReason, ConnectionMatch } from '../ports.ts'
import type { ConnectionRegistry } from '../realtime/connection-registry.ts'
import type { Bus, BusListener } from './bus.ts'
import { isBroadcast, isClosingReason, isConnectionMatch, isNodeEvent } from './bus-shapes.ts'
import type { RejectedMessages } from './rejected-messages.ts'

export interface Cluster {
  /** Closes all matching connections of the other nodes. */
  end(match: ConnectionMatch, reason: ClosingReason): void
  stop(): void
}

/** Call before the first connection. Does not wait for the bus. */
export async function joinCluster(
  app: Pick<App, 'db' | 'rates'>,
  io: Server,
  bus: Bus,
  rejected: RejectedMessages,
  connections: ConnectionRegistry,
): Promise<Cluster> {
  // Several installations may share one Redis, and Redis channels span its databases.
  const installation = createHash('sha256').update(JSON.stringify(await findInstallation(app.db)))
  io.adapter(asAdapter(bus, `kefu:${installation.digest('base64url').slice(0, 16)}`, rejected))

  // The adapter does not await listeners, so an uncaught error would end the process.
  const onNodeEvent = (name: string, listener: (...args: unknown[]) => void) =>
    io.on(name, (...args: unknown[]) => {
      try {
        listener(...args)
      } catch (error) {
        rejected.count('failed', error)
      }
    })
  onNodeEvent('connections:end', (match, reason) => {
    if (isConnectionMatch(match) && isClosingReason(reason)) connections.end(match, reason)
    else rejected.count('malformed')
  })
  onNodeEvent('rates:counted', (deltas) => app.rates.add(deltas))
  const publishRates = setInterval(() => {
    const deltas = app.rates.drainDeltas()
    if (deltas.length > 0) io.serverSideEmit('rates:counted', deltas)
  }, serverLimits.sharedRatesMs)

  return {
    end: (match, reason) => void io.serverSideEmit('connections:end', match, reason),
    stop: () => clearInterval(publishRates),
  }
}

/** The part of node-redis that the adapter needs for broadcasts and serverSideEmit. No adapter request is used. */
function asAdapter(bus: Bus, key: string, rejected: RejectedMessages) {
  const filtered = (isValid: (message: Buffer) => boolean, listener: BusListener): BusListener => {
    return (message, channel) => {
      try {
        if (message.length > serverLimits.busMessageBytes) rejected.count('too large')
        else if (isValid(message)) listener(message, channel)
        else rejected.count('malformed')
      } catch (error) {
        rejected.count('malformed', error)
      }
    }
  }
  const client = {
    publish: bus.publish,
    // Validated by the adapter's decoder below, so that each message is decoded once.
    pSubscribe: (pattern: string, listener: BusListener) =>
      bus.subscribe(
        { pattern },
        filtered(() => true, listener),
      ),
    // Response channels are left out: no node sends a request that has a response.
    subscribe: (channels: string[], listener: BusListener) =>
      bus.subscribe(
        channels.filter((channel) => channel.startsWith(`${key}-request#`)),
        filtered(isNodeEvent, listener),
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
          throw new SyntaxError('malformed broadcast')
        },
      },
    })
    return adapter
  }
}
