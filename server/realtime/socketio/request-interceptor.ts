// The request fast path: parses requests straight from the WebSocket, since the event plumbing of engine.io and
// Socket.IO costs more than the parsing. All other packets, and polling, take the slow path through Socket.IO.

import type { Socket } from 'socket.io'
import type { IncomingRequest, RequestReceiver } from '../incoming-requests.ts'
import type { EngineSocket } from './engine-types.ts'
import { ackOf, jsonStart } from './request-packets.ts'

/** The socket that a connection carries now: a client may leave and rejoin on the same connection. */
interface Target {
  socket: Socket
  receiver: RequestReceiver
}

const targets = new WeakMap<object, Target>()

/** Call once for each socket, after listenForRequests. */
export function interceptRequests(socket: Socket, receiver: RequestReceiver): void {
  const conn = socket.conn as unknown as EngineSocket
  const existing = targets.get(conn)
  if (existing) {
    Object.assign(existing, { socket, receiver })
    return
  }
  const target = { socket, receiver }
  targets.set(conn, target)
  if (conn.transport.name === 'websocket') installFastPath(conn, target)
  else conn.once('upgrade', () => installFastPath(conn, target))
}

function installFastPath(conn: EngineSocket, target: Target): void {
  const { transport } = conn
  const { onPacket } = transport
  /** Socket.IO handles a packet one tick later. Until then later packets take the slow path too, to keep the order. */
  let pendingSlowPath = 0
  transport.onPacket = (packet) => {
    // While a pong is due, engine.io has to see the packet as a sign of life.
    const isEligible = pendingSlowPath === 0 && packet.type === 'message' && conn.pingTimeoutTimer === null
    if (isEligible && conn.readyState === 'open' && target.socket.connected && take(conn, target, packet.data)) return
    onPacket.call(transport, packet)
    if (packet.type !== 'message') return
    pendingSlowPath += 1
    process.nextTick(() => {
      pendingSlowPath -= 1
    })
  }
}

/** Receives or refuses a request. False for a packet that is none, or is malformed. */
function take(conn: EngineSocket, { receiver }: Target, data: unknown): boolean {
  const at = typeof data === 'string' ? jsonStart(data) : 0
  if (at === 0) return false
  const packet = data as string
  const ack = ackOf(conn, packet, at)
  if (!receiver.admit(packet, at, ack)) return true
  const event = parseJson(packet.slice(at))
  if (!Array.isArray(event) || event.length > 2 || typeof event[0] !== 'string') return false
  receiver.receive({ name: event[0], payload: event[1], ack } satisfies IncomingRequest)
  return true
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
