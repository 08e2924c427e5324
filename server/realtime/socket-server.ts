// The realtime edge: admits connections, sets them up, and closes them.

import type { IncomingMessage, Server as NodeServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server, type Socket } from 'socket.io'
import { countAvailableAgents } from '#db/queries/agents.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { admit } from '../auth/authenticate.ts'
import { verifyAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { writeBounded } from '../shared/bounded-log.ts'
import { AppError, errorBody } from '../shared/errors.ts'
import { admitRequest, type Connection, createConnection, receiveRequest } from './connection.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { endConnection } from './end-connection.ts'
import type { PendingHandshake } from './handshake-budget.ts'
import { listenForRequests, type RequestReceiver } from './incoming-requests.ts'
import { closeConnection, publishAvailability, publishEpoch } from './publish.ts'
import { startRebalancing } from './rebalance.ts'
import { createPendingResponses } from './response-deadlines.ts'
import { agentsRoom, customersRoom, userRoom } from './rooms.ts'
import { watchSlowConsumers } from './slow-consumers.ts'
import { guardSocketRequests } from './socket-requests.ts'
import { createEngineSession, type EngineSession, type EngineSessions, terminate } from './socketio/engine-sessions.ts'
import type { EngineSocket } from './socketio/engine-types.ts'
import { useJsonEncoder } from './socketio/json-encoder.ts'
import { releaseUpgradeRequest } from './socketio/release-upgrade-request.ts'
import { interceptRequests } from './socketio/request-interceptor.ts'
import { guardTransports } from './socketio/transport-guard.ts'
import { coalesceWrites } from './socketio/write-coalescing.ts'
import { startHeads } from './sync/heads.ts'
import { startReconciler } from './sync/reconciler.ts'
import { watchRevokedSessions } from './sync/revoked-sessions.ts'

/** Not yet attached to an HTTP server. */
export function createSocketServer(): Server {
  return new Server({
    transports: ['websocket', 'polling'],
    maxHttpBufferSize: limits.transportBytes,
    pingInterval: limits.pingIntervalMs,
    pingTimeout: limits.pingTimeoutMs,
    // Twice the handshake timeout: the sweep in slow-consumers.ts terminates such sockets first, without a closing
    // handshake.
    connectTimeout: 2 * limits.handshakeMs,
    upgradeTimeout: limits.handshakeMs,
    perMessageDeflate: false,
    serveClient: false,
  })
}

export interface RealtimeOptions {
  /** Added to every response under /socket.io/. */
  headers: Readonly<Record<string, string>>
  /** Whether to install the four optimizations of socketio/README.md. Without them plain Socket.IO serves. */
  fastSocketIo: boolean
}

/** Call after Socket.IO is attached. stop() refuses new requests, drains, and asks every client to reconnect. */
export function serveRealtime(
  app: App,
  io: Server,
  server: NodeServer,
  connections: ConnectionRegistry,
  { headers, fastSocketIo }: RealtimeOptions,
): { stop(): Promise<void> } {
  let isStopping = false
  const responses = createPendingResponses()
  const sessions: EngineSessions = new Map()
  const handshakes = new WeakMap<EngineSession, PendingHandshake>()
  if (fastSocketIo) {
    coalesceWrites(io)
    useJsonEncoder(io)
  }
  const socketRequests = guardSocketRequests(app, server, sessions, headers)
  guardTransports(app, io, sessions, { fastSocketIo })
  const slowConsumers = watchSlowConsumers(app, sessions)

  io.engine.on('connection', (conn: EngineSocket) => {
    const handshake = socketRequests.claim(conn.request)
    // A client that has gone never learns of its polling session.
    const isGone = (conn.request as IncomingMessage | null)?.socket.destroyed
    if (handshake === undefined || isGone) {
      handshake?.fail()
      return terminate(conn)
    }
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
    // After a refusal a client of Socket.IO would not try again by itself.
    if (isStopping) return void socket.conn.close()
    const session = sessions.get((socket.conn as unknown as EngineSocket).id)
    let release = () => {}
    try {
      if (session === undefined) throw new AppError('unavailable', 'The connection has closed; reconnect.')
      const { userId } = verifyAccessToken(app, socket.handshake.auth.token)
      app.rates.check('violationsPerUser', userId)
      app.rates.consume('handshakesPerUser', userId)
      const { actor, expiresAt } = await admit(app, socket.handshake.auth.token, session.address)
      // By then the connection is open, or it never will be.
      setImmediate(() => connections.has(socket.data as Connection) || app.actors.leave(actor))
      // A session that closed during the await would never release its slots.
      if (!sessions.has(session.conn.id)) throw new AppError('unavailable', 'The connection has closed; reconnect.')
      release = acquireSlots(app, actor, session)
      socket.data = createConnection({ socket, session, actor, expiresAt, whenDrained: slowConsumers.whenDrained })
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
    const { actor, queue, session } = connection
    handshakes.get(session)?.succeed()
    session.user = { userId: actor.userId, sessionId: actor.sessionId }
    session.deadline = Number.POSITIVE_INFINITY
    connections.add(connection)
    const receiver: RequestReceiver = {
      admit: (packet, at, ack) => admitRequest(app, connection, packet, at, ack),
      receive: (request) => receiveRequest(app, responses, connection, request, isStopping),
    }
    session.receiver = receiver
    // All listeners are registered before the first await, so that no early packet is missed.
    listenForRequests(socket, receiver)
    if (fastSocketIo) {
      releaseUpgradeRequest(socket)
      interceptRequests(socket, receiver)
    }
    socket.on('disconnect', () => {
      // The client may rejoin on the same transport, but not keep it without a connection.
      session.deadline = performance.now() + limits.handshakeMs
      session.receiver = null
      session.release?.()
      connections.remove(connection)
      app.actors.leave(actor)
      if (!isCustomer(actor)) app.presence.disconnected(actor.userId)
    })
    publishEpoch(socket, app.epoch.current())
    void socket.join([userRoom(actor.userId), isCustomer(actor) ? customersRoom : agentsRoom])
    queue.enqueue(false, () =>
      onConnected(app, connection).catch((error: unknown) => {
        writeBounded(app, { kind: 'connection_setup_failed', budget: 'failureLogLines' }, () =>
          app.log.warn({ err: error, userId: actor.userId }, 'connection setup failed'),
        )
      }),
    )
    // Revoked after it was admitted, before it was in the registry.
    if (actor.isEnded) endConnection(connection, 'revoked')
  })

  const expiry = setInterval(() => {
    const now = app.now()
    for (const connection of connections.all()) if (connection.expiresAt <= now) endConnection(connection, 'expired')
  }, serverLimits.expirySweepMs)
  const watchers = [
    startHeads(app, connections),
    startReconciler(app),
    startRebalancing(app, connections),
    slowConsumers,
    watchRevokedSessions(app),
  ]

  return {
    async stop() {
      isStopping = true
      clearInterval(expiry)
      for (const watcher of watchers) watcher.stop()
      await Promise.all(connections.all().map(({ queue }) => queue.onIdle()))
      responses.stop()
      const closed = connections.all().map(({ socket }) => new Promise((resolve) => socket.conn.once('close', resolve)))
      for (const { socket } of connections.all()) closeConnection(socket, 'restart')
      // Replies may still be in the send buffers, which closing the engine discards.
      await Promise.race([Promise.all(closed), sleep(serverLimits.flushMs, undefined, { ref: false })])
      io.engine.close()
    },
  }
}

/** Throws rate_limited when the customer, agent or address has no connection slot left. */
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

/** An agent goes online. A customer receives the availability, which may have changed since the session began. */
async function onConnected(app: App, { socket, actor }: Connection): Promise<void> {
  if (!isCustomer(actor)) return app.presence.connected(actor.userId)
  const isAgentOnline = async () => (await countAvailableAgents(app.db)) > 0
  const before = await isAgentOnline()
  publishAvailability(socket, before)
  // A change published between that read and its publish was committed earlier, so a second read sees it.
  const after = await isAgentOnline()
  if (after !== before) publishAvailability(socket, after)
}
