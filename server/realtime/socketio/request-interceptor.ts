// The request fast path: parses requests straight from the WebSocket, since the event plumbing of engine.io and
// Socket.IO costs more than the parsing. All other packets, and polling, take the slow path through Socket.IO.

import type { Socket } from 'socket.io'
import type { IncomingRequest, OnRequest } from '../incoming-requests.ts'
import type { EngineSocket } from './engine-types.ts'

/** The socket that a connection carries now: a client may leave and rejoin on the same connection. */
interface Target {
  socket: Socket
  onRequest: OnRequest
}

const targets = new WeakMap<object, Target>()

/** Call once for each socket, after listenForRequests. */
export function interceptRequests(socket: Socket, onRequest: OnRequest): void {
  const conn = socket.conn as unknown as EngineSocket
  const existing = targets.get(conn)
  if (existing) {
    Object.assign(existing, { socket, onRequest })
    return
  }
  const target = { socket, onRequest }
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
    const request =
      isEligible && conn.readyState === 'open' && target.socket.connected && parseRequest(conn, packet.data)
    if (request) {
      target.onRequest(request)
      return
    }
    onPacket.call(transport, packet)
    if (packet.type !== 'message') return
    pendingSlowPath += 1
    process.nextTick(() => {
      pendingSlowPath -= 1
    })
  }
}

/** Socket.IO protocol 5, EVENT: `2`, the acknowledgement id, a JSON array of name and payload. Null for the rest. */
function parseRequest(conn: EngineSocket, data: unknown): IncomingRequest | null {
  const [, digits, json] = (typeof data === 'string' && /^2(\d{1,15})(\[.*)$/s.exec(data)) || []
  if (digits === undefined || json === undefined) return null
  const event = parseJson(json)
  if (!Array.isArray(event) || event.length > 2 || typeof event[0] !== 'string') return null
  // As a number: the substring would keep the whole packet in memory.
  const id = Number(digits)
  return { name: event[0], payload: event[1], ack: (reply) => conn.write(`3${id}${JSON.stringify([reply])}`) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
