// The realtime edge: who may connect, what a new connection is given, and how all of them end.

import { setTimeout as sleep } from 'node:timers/promises'
import { Server, type Socket } from 'socket.io'
import { countAgentsHere } from '#db/agents.ts'
import { limits } from '#protocol/limits.ts'
import { isCustomer } from '../actor.ts'
import { authenticate } from '../auth/authenticate.ts'
import { clientAddress } from '../client-address.ts'
import type { Config } from '../config.ts'
import type { App } from '../context.ts'
import { AppError, errorBody } from '../errors.ts'
import { isOwnOrigin } from '../origin.ts'
import { createAnswers } from './answers.ts'
import { startComparison } from './comparison.ts'
import { type Connection, createConnection, receive } from './connection.ts'
import { watchEndedSessions } from './ended-sessions.ts'
import { startHeads } from './heads.ts'
import { letGoOfRequest } from './let-go-of-request.ts'
import type { OpenConnections } from './open-connections.ts'
import { publishAvailability, publishClosing } from './publish.ts'
import { agentsRoom, customersRoom, userRoom } from './rooms.ts'
import type { EngineSocket } from './send-together.ts'
import { watchSlowReaders } from './slow-readers.ts'
import { takeRequests } from './take-at-once.ts'

/** Not yet attached to an HTTP server. */
export function createSocketServer(config: Config): Server {
  return new Server({
    transports: ['websocket', 'polling'],
    maxHttpBufferSize: limits.transportBytes,
    pingInterval: limits.pingIntervalMs,
    pingTimeout: limits.pingTimeoutMs,
    connectTimeout: limits.handshakeMs,
    perMessageDeflate: false,
    serveClient: false,
    // The `cors` setting does not guard WebSocket; this guards both transports.
    allowRequest: (request, decide) => decide(null, isOwnOrigin(config, request.headers)),
  })
}

/** Serves connections; stop refuses new requests, waits for those in flight, then asks every client to come back and ends its connection. */
export function serveRealtime(
  app: App,
  io: Server,
  connections: OpenConnections,
  behind: Set<EngineSocket>,
): { stop(): Promise<void> } {
  let stopping = false
  const answers = createAnswers()

  io.use(async (socket, next) => {
    try {
      if (stopping) throw new AppError('unavailable', 'This server is about to stop.')
      const address = clientAddress(app.config, socket.request)
      app.rates.consume('connectionsPerAddress', address.group)
      const { actor, expiresAt } = await authenticate(app, socket.handshake.auth.token, address)
      socket.data = createConnection(socket, actor, expiresAt)
      next()
    } catch (error) {
      const data = errorBody(error)
      next(Object.assign(new Error(data.code), { data }))
    }
  })

  io.on('connection', (socket: Socket) => {
    const connection = socket.data as Connection
    const { actor, turns } = connection
    connections.add(connection)
    letGoOfRequest(socket)
    // Everything is registered before anything waits, so that no early packet is missed.
    takeRequests(socket, (incoming) => receive(app, answers, connection, incoming, stopping))
    socket.on('disconnect', () => {
      connections.remove(connection)
      if (!isCustomer(actor)) app.presence.disconnected(actor.userId)
    })
    void socket.join([userRoom(actor.userId), isCustomer(actor) ? customersRoom : agentsRoom])
    turns.run(false, () =>
      welcome(app, connection).catch((error: unknown) => {
        app.log.warn({ err: error, userId: actor.userId }, 'could not welcome a connection')
      }),
    )
  })

  const expiry = setInterval(() => {
    const now = app.now()
    for (const { socket, expiresAt } of connections.all()) if (expiresAt <= now) publishClosing(socket, 'expired')
  }, limits.expirySweepMs)
  const watches = [
    startHeads(app, connections),
    startComparison(app),
    watchSlowReaders(app, connections, behind),
    watchEndedSessions(app, connections),
  ]

  return {
    async stop() {
      stopping = true
      clearInterval(expiry)
      for (const watch of watches) watch.stop()
      await Promise.all(connections.all().map(({ turns }) => turns.idle()))
      answers.stop()
      const ended = connections.all().map(({ socket }) => new Promise((resolve) => socket.conn.once('close', resolve)))
      for (const { socket } of connections.all()) publishClosing(socket, 'restart')
      // Answers may still wait in the send buffers, and closing the engine would throw them away.
      await Promise.race([Promise.all(ended), sleep(limits.flushMs, undefined, { ref: false })])
      io.engine.close()
    },
  }
}

/** An agent is here from now on. A customer is told how things stand: it may have changed since the session was made. */
async function welcome(app: App, { socket, actor }: Connection): Promise<void> {
  if (!isCustomer(actor)) return app.presence.connected(actor.userId)
  const isSomebodyHere = async () => (await countAgentsHere(app.db)) > 0
  const before = await isSomebodyHere()
  publishAvailability(socket, before)
  // A change that was told between the reading and the telling was written before: it is seen now, and has the last word.
  const after = await isSomebodyHere()
  if (after !== before) publishAvailability(socket, after)
}
