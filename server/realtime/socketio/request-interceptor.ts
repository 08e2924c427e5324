// Requests on a WebSocket are taken from it at once. Each is a packet of one kind, whose way through engine.io's and Socket.IO's events costs
// more than reading it does. Anything else, and whatever is not well-formed, goes that way, and so does all that comes by polling.

import type { Socket } from 'socket.io'
import type { Reply } from '#protocol/errors.ts'
import type { Packet } from './write-coalescing.ts'

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

/** Whose requests a connection carries now: a client may leave and come again on the same one. */
interface Taking {
  socket: Socket
  take(incoming: Incoming): void
}

const takings = new WeakMap<object, Taking>()

/** To be called once for each socket. */
export function interceptRequests(socket: Socket, take: (incoming: Incoming) => void): void {
  // A middleware that never goes on: nobody listens behind it.
  socket.use((event) => take(incomingOf(event)))
  const { conn } = socket
  const before = takings.get(conn)
  if (before) {
    Object.assign(before, { socket, take })
    return
  }
  const taking = { socket, take }
  takings.set(conn, taking)
  const engineSocket = conn as unknown as EngineSocket
  if (engineSocket.transport.name === 'websocket') installFastPath(engineSocket, taking)
  else conn.once('upgrade', () => installFastPath(engineSocket, taking))
}

function installFastPath(conn: EngineSocket, taking: Taking): void {
  const { transport } = conn
  const { onPacket } = transport
  /** Socket.IO takes what came to it a tick later. Until then all goes that way, since what comes later must not be earlier. */
  let pendingSlowPath = 0
  transport.onPacket = (packet) => {
    const isUsual = pendingSlowPath === 0 && packet.type === 'message' && conn.pingTimeoutTimer === null
    const incoming = isUsual && conn.readyState === 'open' && taking.socket.connected && requestOf(conn, packet.data)
    if (incoming) {
      taking.take(incoming)
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
  // As text it would keep the whole packet, of which it is a piece.
  const id = Number(number)
  return { name: event[0], payload: event[1], ack: (reply) => conn.write(`3${id}${JSON.stringify([reply])}`) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
