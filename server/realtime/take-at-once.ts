// Requests on a WebSocket are taken from it at once. Each is a packet of one kind, whose way through engine.io's and Socket.IO's events costs
// more than reading it does. Anything else, and whatever is not well-formed, goes that way, and so does all that comes by polling.

import type { Socket } from 'socket.io'
import type { Reply } from '#protocol/errors.ts'

export type Ack = (reply: Reply<unknown>) => void

/** A request as it came off the wire: nothing of it has been looked at. */
export interface Incoming {
  name: unknown
  payload: unknown
  /** Null where no answer was asked for. */
  ack: Ack | null
}

/** The parts of engine.io 6.6.12 that this rests on, held by a test. */
interface EngineSocket {
  readyState: string
  transport: { name: string; onPacket(packet: Packet): void }
  /** Set while a pong is waited for; whatever comes then shows that the client is there. */
  pingTimeoutTimer: object | null
  write(text: string): void
}

interface Packet {
  type: string
  data?: unknown
}

/** To be called once for each connection. */
export function takeRequests(socket: Socket, take: (incoming: Incoming) => void): void {
  // A middleware that never goes on: nobody listens behind it.
  socket.use((event) => take(incomingOf(event)))
  takeAtOnce(socket, take)
  if (socket.conn.transport.name !== 'websocket') socket.conn.once('upgrade', () => takeAtOnce(socket, take))
}

function takeAtOnce(socket: Socket, take: (incoming: Incoming) => void): void {
  const conn = socket.conn as unknown as EngineSocket
  const { transport } = conn
  if (transport.name !== 'websocket') return
  const { onPacket } = transport
  transport.onPacket = (packet) => {
    const isUsual = packet.type === 'message' && conn.pingTimeoutTimer === null
    const incoming = isUsual && conn.readyState === 'open' && socket.connected && requestOf(conn, packet.data)
    if (incoming) take(incoming)
    else onPacket.call(transport, packet)
  }
}

/** What the middleware is given: name, payload, answer. */
function incomingOf(event: readonly unknown[]): Incoming {
  const last = event[event.length - 1]
  const ack = event.length > 1 && typeof last === 'function' ? (last as Ack) : null
  return { name: event[0], payload: ack && event.length === 2 ? undefined : event[1], ack }
}

/** `2`, the number of the answer, and a JSON list of name and payload (Socket.IO protocol 5, `EVENT`); null for anything else. */
function requestOf(conn: EngineSocket, data: unknown): Incoming | null {
  const [, number, list] = (typeof data === 'string' && /^2(\d{1,15})(\[.*)$/s.exec(data)) || []
  if (number === undefined || list === undefined) return null
  const event = parsed(list)
  if (!Array.isArray(event) || event.length > 2 || typeof event[0] !== 'string') return null
  return {
    name: event[0],
    payload: event[1],
    ack: (reply) => conn.write(`3${Number(number)}${JSON.stringify([reply])}`),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
