// Limits one engine.io transport: bytes, packets of any kind, WebSocket control frames, packets in one POST. Requests
// on a WebSocket have a rate of their own. Past a budget the transport is terminated, and a violation counted; later
// bytes are dropped unparsed.

import type { IncomingMessage } from 'node:http'
import type { Server } from 'socket.io'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets, type Rate } from '../../budgets/budgets.ts'
import { type Counter, countDown, createCounter } from '../../budgets/counter.ts'
import type { App } from '../../context.ts'
import { isBoundedJson } from '../../shared/bounded-json.ts'
import { clientAddress } from '../../shared/client-address.ts'
import type { RefusalReason } from '../refused-sockets.ts'
import { type EngineSessions, terminate } from './engine-sessions.ts'
import type { Engine, EnginePacket, EngineTransport } from './engine-types.ts'
import { ackOf, jsonStart } from './request-packets.ts'

/** Between the packets of one POST (Engine.IO protocol 4). */
const packetSeparator = '\u001e'
/** Socket.IO's CONNECT, which joins a namespace. */
const connectPacket = '0'

/** Socket.IO's EVENT and BINARY_EVENT: a request, whether it asks for a reply or not. */
const eventPackets = '25'

/** Call before the first connection. `fastSocketIo`: the fast path takes requests off a WebSocket before this guard. */
export function guardTransports(
  app: App,
  io: Server,
  sessions: EngineSessions,
  { fastSocketIo }: { fastSocketIo: boolean },
): void {
  const engine = io.engine as unknown as Engine
  limitWebSockets(engine)
  const createTransport = engine.createTransport.bind(engine)
  engine.createTransport = (name, request) => {
    const transport = createTransport(name, request)
    guard(app, sessions, transport, request, !fastSocketIo && name === 'websocket')
    return transport
  }
}

/** ws keeps a buffer for each fragment of a message, and a socket until the client answers the closing handshake. */
function limitWebSockets(engine: Engine): void {
  const WebSocketServer = engine.opts.wsEngine
  engine.opts.wsEngine = class extends WebSocketServer {
    constructor(options: object) {
      super({
        ...options,
        maxFragments: budgets.messageFragments.packets,
        maxBufferedChunks: budgets.messageFragments.packets,
        closeTimeout: serverLimits.closingMs,
      })
    }
  }
  engine.init()
}

function guard(
  app: App,
  sessions: EngineSessions,
  transport: EngineTransport,
  request: IncomingMessage,
  exemptsRequests: boolean,
): void {
  const { onPacket, onData } = transport
  // Of the session that it upgrades: engine.io sets transport.sid later.
  const upgradedSid = (request as { _query?: { sid?: string } })._query?.sid
  const sessionOf = () => sessions.get(transport.sid ?? upgradedSid ?? '')
  const address = clientAddress(app.config, request)
  const packets = createCounter(budgets.connectionPackets)
  const controlFrames = createCounter(budgets.controlFrames)
  const bytes = createCounter(budgets.connectionBytes)
  const pendingBytes = createCounter(budgets.pendingConnectionBytes)
  let isTerminated = false

  function terminateTransport(reason: RefusalReason) {
    if (isTerminated) return
    isTerminated = true
    app.refusedSockets.count(reason)
    app.violations.count(address)
    const session = sessionOf()
    if (session?.user) app.rates.count('violationsPerUser', session.user.userId)
    // During an upgrade this is not yet the session's transport.
    stopParsing(transport)
    transport.socket?.terminate()
    if (session?.conn.transport === transport) terminate(session.conn)
  }

  const isWithin = (counter: Counter, rate: Rate, amount = 1) =>
    !app.config.rateLimits || countDown(counter, rate, amount)

  function onBytes(count: number) {
    const isConnected = sessionOf()?.user != null
    const fits = isConnected
      ? isWithin(bytes, budgets.connectionBytes, count)
      : isWithin(pendingBytes, budgets.pendingConnectionBytes, count)
    if (!fits) terminateTransport('bytes')
  }

  function onControlFrame() {
    if (!isWithin(controlFrames, budgets.controlFrames)) terminateTransport('control_frames')
  }

  const isExempt = ({ data }: EnginePacket) =>
    exemptsRequests && typeof data === 'string' && jsonStart(data) > 0 && sessionOf()?.user != null

  /** Socket.IO parses the packet afterwards. */
  function mayParse({ data }: EnginePacket): boolean {
    if (typeof data !== 'string') return true
    const { receiver, conn } = sessionOf() ?? {}
    const at = jsonStart(data)
    if (receiver && conn && eventPackets.includes(data[0] ?? ' ')) {
      return receiver.admit(data, at, at > 0 ? ackOf(conn, data, at) : null)
    }
    if (isBoundedJson(data)) return true
    terminateTransport('packets')
    return false
  }

  /** Each attempt costs a database query, so one at a time, within a budget. */
  function mayConnect({ data }: EnginePacket): boolean {
    if (typeof data !== 'string' || data[0] !== connectPacket) return true
    const session = sessionOf()
    if (session === undefined) return true
    if (session.isConnecting || !isWithin(session.connects, budgets.connectsPerConnection)) return false
    const isOtherNamespace = data[1] === '/' && data[2] !== ','
    session.isConnecting = !isOtherNamespace
    return true
  }

  transport.onPacket = (packet) => {
    if (!isExempt(packet) && !isWithin(packets, budgets.connectionPackets)) terminateTransport('packets')
    else if (packet.type !== 'message') onControlFrame()
    else if (!mayConnect(packet)) terminateTransport('connects')
    else if (!mayParse(packet)) return
    if (!isTerminated) onPacket.call(transport, packet)
  }

  const { socket } = transport
  if (socket) {
    socket.on('ping', onControlFrame)
    socket.on('pong', onControlFrame)
    // A malformed frame. ws would read on until the client answers its closing handshake.
    socket.on('error', () => terminateTransport('packets'))
    const { _receiver: receiver } = socket
    receiver._write = (chunk, encoding, done) => {
      if (!isTerminated) onBytes(chunk.length)
      if (isTerminated) done()
      else Object.getPrototypeOf(receiver)._write.call(receiver, chunk, encoding, done)
    }
  } else {
    transport.onData = (data) => {
      onBytes(data.length)
      if (hasMorePacketsThan(budgets.postPackets.packets, data)) terminateTransport('packets')
      if (!isTerminated) onData.call(transport, data)
    }
  }
}

/** ws would go on to the end of the chunk that it has received, which may hold ten thousand frames. */
function stopParsing({ socket }: EngineTransport): void {
  if (socket) socket._receiver._loop = false
}

/** Stops counting at `max`. */
function hasMorePacketsThan(max: number, body: string): boolean {
  let count = 1
  for (let at = body.indexOf(packetSeparator); at >= 0; at = body.indexOf(packetSeparator, at + 1)) {
    if (++count > max) return true
  }
  return false
}
