// What one transport of engine.io may send: packets of any kind, WebSocket control frames, packets in one POST. Requests on the fast path
// have a rate of their own. Past a budget the transport is ended and counts as a violation; what follows is dropped unread.

import type { IncomingMessage } from 'node:http'
import type { Server } from 'socket.io'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets, type Rate } from '../../budgets/budgets.ts'
import { type Counter, countDown, createCounter } from '../../budgets/counter.ts'
import type { App } from '../../context.ts'
import { clientAddress } from '../../shared/client-address.ts'
import type { RefusalReason } from '../refused-sockets.ts'
import { type EngineSessions, type EngineTransport, terminate } from './engine-sessions.ts'
import type { Packet } from './write-coalescing.ts'

interface Engine {
  opts: { wsEngine: new (options: object) => object }
  /** Makes its WebSocket server; engine.io does so once more when the HTTP server listens. */
  init(): void
  createTransport(name: string, request: IncomingMessage): EngineTransport
}

const separator = '\u001e'
/** Of Socket.IO's packets the one that joins a namespace. */
const connectPacket = '0'

/** Call before the first connection. */
export function guardTransports(app: App, io: Server, sessions: EngineSessions): void {
  const engine = io.engine as unknown as Engine
  limitWebSockets(engine)
  const createTransport = engine.createTransport.bind(engine)
  engine.createTransport = (name, request) => {
    const transport = createTransport(name, request)
    guard(app, sessions, transport, request)
    return transport
  }
}

/** A message in many fragments would be a buffer for each; a closing handshake that the client does not answer would keep its socket open. */
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

function guard(app: App, sessions: EngineSessions, transport: EngineTransport, request: IncomingMessage): void {
  const { onPacket, onData } = transport
  // Of the session that it upgrades; engine.io names the session of a new transport later.
  const upgradedSid = (request as { _query?: { sid?: string } })._query?.sid
  const sessionOf = () => sessions.get(transport.sid ?? upgradedSid ?? '')
  const address = clientAddress(app.config, request)
  const packets = createCounter(budgets.connectionPackets)
  const controlFrames = createCounter(budgets.controlFrames)
  let isEnded = false

  function end(reason: RefusalReason) {
    if (isEnded) return
    isEnded = true
    app.refusedSockets.count(reason)
    app.violations.count(address)
    const session = sessionOf()
    if (session?.user) app.rates.count('violationsPerUser', session.user.userId)
    // An upgrade in progress has a transport of its own beside its session's.
    transport.socket?.terminate()
    if (session?.conn.transport === transport) terminate(session.conn)
  }

  const isWithin = (counter: Counter, rate: Rate) => !app.config.rateLimits || countDown(counter, rate)

  function onControlFrame() {
    if (!isWithin(controlFrames, budgets.controlFrames)) end('control_frames')
  }

  /** One at a time, and not again and again: each costs a look at the database. */
  function mayConnect({ data }: Packet): boolean {
    if (typeof data !== 'string' || data[0] !== connectPacket) return true
    const session = sessionOf()
    if (session === undefined) return true
    if (session.isConnecting || !isWithin(session.connects, budgets.connectsPerConnection)) return false
    const isOtherNamespace = data[1] === '/' && data[2] !== ','
    session.isConnecting = !isOtherNamespace
    return true
  }

  transport.onPacket = (packet) => {
    if (!isWithin(packets, budgets.connectionPackets)) end('packets')
    else if (packet.type !== 'message') onControlFrame()
    else if (!mayConnect(packet)) end('connects')
    if (!isEnded) onPacket.call(transport, packet)
  }

  if (transport.socket) {
    transport.socket.on('ping', onControlFrame)
    transport.socket.on('pong', onControlFrame)
  } else {
    transport.onData = (data) => {
      if (hasMorePacketsThan(budgets.postPackets.packets, data)) end('packets')
      if (!isEnded) onData.call(transport, data)
    }
  }
}

/** Counts no further than it has to. */
function hasMorePacketsThan(most: number, body: string): boolean {
  let count = 1
  for (let at = body.indexOf(separator); at >= 0; at = body.indexOf(separator, at + 1)) {
    if (++count > most) return true
  }
  return false
}
