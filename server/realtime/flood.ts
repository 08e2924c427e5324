// Disconnects a client that ignores rate_limited, since answering it costs more. It receives the reason, and nothing it
// sends is read any more.

import type { Socket } from 'socket.io'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import { type Counter, countDown } from '../budgets/counter.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { endConnection } from './end-connection.ts'
import { type EngineSession, terminate } from './socketio/engine-sessions.ts'

interface Client {
  socket: Socket
  actor: Actor
  session: EngineSession
  /** Counts down budgets.refusedRequests. */
  refusals: Counter
}

/** Call for each rate_limited reply. */
export function countRefusal(app: App, { socket, actor, session, refusals }: Client): void {
  if (!app.config.rateLimits || !socket.connected || countDown(refusals, budgets.refusedRequests)) return
  app.refusedSockets.count('requests')
  app.violations.count(session.address)
  app.rates.count('violationsPerUser', actor.userId)
  app.log.info({ userId: actor.userId, reason: 'rate_limited' }, 'connection closed')
  endConnection({ actor, socket }, 'rate_limited')
  const { conn } = session
  conn.transport.socket?._socket?.pause()
  setTimeout(() => terminate(conn), serverLimits.floodClosingMs).unref()
}
