// The realtime edge: who may connect, what a new connection is given, and how all of them end.

import type { Server as NodeServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server, type Socket } from 'socket.io'
import { countAvailableAgents } from '#db/queries/agents.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { admit } from '../auth/authenticate.ts'
import { verifyAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError, errorBody } from '../shared/errors.ts'
import { type Connection, createConnection, receive } from './connection.ts'
import { type ConnectionRegistry, endConnection } from './connection-registry.ts'
import type { PendingHandshake } from './handshake-budget.ts'
import { closeConnection, publishAvailability } from './publish.ts'
import { createPendingResponses } from './response-deadlines.ts'
import { agentsRoom, customersRoom, userRoom } from './rooms.ts'
import { watchSlowConsumers } from './slow-consumers.ts'
import { guardSocketRequests } from './socket-requests.ts'
import {
  createEngineSession,
  type EngineConnection,
  type EngineSession,
  type EngineSessions,
  terminate,
} from './socketio/engine-sessions.ts'
import { releaseUpgradeRequest } from './socketio/release-upgrade-request.ts'
import { interceptRequests } from './socketio/request-interceptor.ts'
import { guardTransports } from './socketio/transport-guard.ts'
import { startHeads } from './sync/heads.ts'
import { startReconciler } from './sync/reconciler.ts'
import { watchRevokedSessions } from './sync/revoked-sessions.ts'
import { trackTcpSockets } from './tcp-sockets.ts'

/** Not yet attached to an HTTP server. */
export function createSocketServer(): Server {
  return new Server({
    transports: ['websocket', 'polling'],
    maxHttpBufferSize: limits.transportBytes,
    pingInterval: limits.pingIntervalMs,
    pingTimeout: limits.pingTimeoutMs,
    // Sockets without a connection are ended by the sweep in slow-consumers.ts, which does not wait for a closing handshake.
    connectTimeout: 2 * limits.handshakeMs,
    upgradeTimeout: limits.handshakeMs,
    perMessageDeflate: false,
    serveClient: false,
  })
}

/** Serves connections; stop refuses new requests, waits for those in flight, then asks every client to come back and ends its connection. */
export function serveRealtime(
  app: App,
  io: Server,
  server: NodeServer,
  connections: ConnectionRegistry,
  headers: Readonly<Record<string, string>>,
): { stop(): Promise<void> } {
  let stopping = false
  const answers = createPendingResponses()
  const sessions: EngineSessions = new Map()
  const handshakes = new WeakMap<EngineSession, PendingHandshake>()
  const tcpSockets = trackTcpSockets(server)
  const socketRequests = guardSocketRequests(app, server, sessions, headers)
  guardTransports(app, io, sessions)
  const slowConsumers = watchSlowConsumers(app, tcpSockets, sessions)

  io.engine.on('connection', (conn: EngineConnection) => {
    const handshake = socketRequests.claim(conn.request)
    if (handshake === undefined) return terminate(conn)
    const session = createEngineSession(conn, handshake.address, performance.now() + limits.handshakeMs)
    handshake.end = () => terminate(conn)
    sessions.set(conn.id, session)
    handshakes.set(session, handshake)
    conn.once('close', () => {
      sessions.delete(conn.id)
      session.release?.()
      handshake.fail()
    })
  })

  io.use(async (socket, next) => {
    const session = sessions.get((socket.conn as unknown as EngineConnection).id)
    let release = () => {}
    try {
      if (session === undefined) throw new AppError('unavailable', 'This connection has ended.')
      if (stopping) throw new AppError('unavailable', 'This server is about to stop.')
      const { userId } = verifyAccessToken(app, socket.handshake.auth.token)
      app.rates.check('violationsPerUser', userId)
      app.rates.consume('handshakesPerUser', userId)
      const { actor, expiresAt } = await admit(app, socket.handshake.auth.token, session.address)
      // By then it is open, or never will be: refused, or lost meanwhile.
      setImmediate(() => connections.has(socket.data as Connection) || app.actors.leave(actor))
      // It may have ended meanwhile, and would never give its places back.
      if (!sessions.has(session.conn.id)) throw new AppError('unavailable', 'This connection has ended.')
      release = acquireSlots(app, actor, session)
      socket.data = createConnection({ socket, session, actor, expiresAt, roomForPage: slowConsumers.roomForPage })
      session.release = release
      next()
    } catch (error) {
      release()
      const data = errorBody(error)
      if (data.code === 'unauthorized') app.refusedSockets.count('unauthorized')
      next(Object.assign(new Error(data.code), { data }))
    } finally {
      if (session) session.isConnecting = false
    }
  })

  io.on('connection', (socket: Socket) => {
    const connection = socket.data as Connection
    const { actor, turns, session } = connection
    handshakes.get(session)?.succeed()
    session.user = { userId: actor.userId, sessionId: actor.sessionId }
    session.deadline = Number.POSITIVE_INFINITY
    connections.add(connection)
    releaseUpgradeRequest(socket)
    // Everything is registered before anything waits, so that no early packet is missed.
    interceptRequests(socket, (incoming) => receive(app, answers, connection, incoming, stopping))
    socket.on('disconnect', () => {
      // The client may come again on the same transport connection, but not hold it without a connection of ours.
      session.deadline = performance.now() + limits.handshakeMs
      session.release?.()
      connections.remove(connection)
      app.actors.leave(actor)
      if (!isCustomer(actor)) app.presence.disconnected(actor.userId)
    })
    void socket.join([userRoom(actor.userId), isCustomer(actor) ? customersRoom : agentsRoom])
    turns.run(false, () =>
      welcome(app, connection).catch((error: unknown) => {
        app.log.warn({ err: error, userId: actor.userId }, 'could not welcome a connection')
      }),
    )
    // Ended after it was admitted and before it was one to end.
    if (actor.isEnded) endConnection(connection, 'revoked')
  })

  const expiry = setInterval(() => {
    const now = app.now()
    for (const connection of connections.all()) if (connection.expiresAt <= now) endConnection(connection, 'expired')
  }, serverLimits.expirySweepMs)
  const watches = [startHeads(app, connections), startReconciler(app), slowConsumers, watchRevokedSessions(app)]

  return {
    async stop() {
      stopping = true
      clearInterval(expiry)
      for (const watch of watches) watch.stop()
      await Promise.all(connections.all().map(({ turns }) => turns.idle()))
      answers.stop()
      const ended = connections.all().map(({ socket }) => new Promise((resolve) => socket.conn.once('close', resolve)))
      for (const { socket } of connections.all()) closeConnection(socket, 'restart')
      // Answers may still wait in the send buffers, and closing the engine would throw them away.
      await Promise.race([Promise.all(ended), sleep(serverLimits.flushMs, undefined, { ref: false })])
      io.engine.close()
    },
  }
}

/** Throws rate_limited when the customer, agent or address holds as many connections as it may. */
function acquireSlots(app: App, actor: Actor, { address }: EngineSession): () => void {
  const releases: (() => void)[] = []
  try {
    const ofUser = isCustomer(actor) ? 'connectionsPerCustomer' : 'connectionsPerAgent'
    releases.push(app.slots.acquire(ofUser, actor.userId))
    releases.push(app.slots.acquire('connectionsPerAddress', address.group))
    releases.push(app.slots.acquire('connections', 'all'))
  } catch (error) {
    for (const release of releases) release()
    throw error
  }
  return () => releases.forEach((release) => void release())
}

/** An agent is here from now on. A customer is told how things stand: it may have changed since the session was made. */
async function welcome(app: App, { socket, actor }: Connection): Promise<void> {
  if (!isCustomer(actor)) return app.presence.connected(actor.userId)
  const isSomebodyHere = async () => (await countAvailableAgents(app.db)) > 0
  const before = await isSomebodyHere()
  publishAvailability(socket, before)
  // A change that was told between the reading and the telling was written before: it is seen now, and has the last word.
  const after = await isSomebodyHere()
  if (after !== before) publishAvailability(socket, after)
}
