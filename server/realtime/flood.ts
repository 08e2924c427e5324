// A client that goes on after rate_limited: answering it costs more than ending it. It is told why, then its connection is read no further.

import type { Socket } from 'socket.io'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import { type Counter, countDown } from '../budgets/counter.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { endConnection } from './connection-registry.ts'
import { type EngineSession, terminate } from './socketio/engine-sessions.ts'

interface Client {
  socket: Socket
  actor: Actor
  session: EngineSession
  /** What is left of budgets.refusedRequests. */
  refusals: Counter
}

/** Call for each request that was answered rate_limited. */
export function countRefusal(app: App, { socket, actor, session, refusals }: Client): void {
  if (!app.config.rateLimits || !socket.connected || countDown(refusals, budgets.refusedRequests)) return
  app.refusedSockets.count('requests')
  app.violations.count(session.address)
  app.rates.count('violationsPerUser', actor.userId)
  app.log.info({ userId: actor.userId, reason: 'rate_limited' }, 'ended a connection')
  endConnection({ actor, socket }, 'rate_limited')
  const { conn } = session
  conn.transport.socket?._socket?.pause()
  setTimeout(() => terminate(conn), serverLimits.floodClosingMs).unref()
}
