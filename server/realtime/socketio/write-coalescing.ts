// What one connection is told within one turn of the event loop leaves in one write, of one buffer. A system call a frame is the greater part
// of what a message costs; in a batch a sender gets several messages and several answers. Nothing waits longer than the turn.

import type { Socket as TcpSocket } from 'node:net'
import type { Server } from 'socket.io'

export interface Packet {
  type: string
  data?: unknown
  /** What is told to many is framed once: header and payload, in a list that all of them share. */
  options?: { wsPreEncodedFrame?: Buffer[] }
  /** Its size, once somebody has measured it. */
  bytes?: number
}

/** The parts of engine.io's WebSocket transport that this rests on, held by a test. */
interface Transport {
  name: string
  writable: boolean
  parser: { encodePacket(packet: Packet, supportsBinary: boolean, done: (encoded: unknown) => void): void }
  socket: { readyState: number; _socket: TcpSocket }
}

/** And those of its socket: `flush` gives the transport what waits in writeBuffer. */
export interface EngineSocket {
  readyState: string
  flush(): void
  emit(event: 'drain'): void
  writeBuffer: Packet[]
  /** What is to be called when something has left; nothing here asks for that. */
  packetsFn: unknown[]
  transport: Transport
}

const isOpen = 1
const nothing = Buffer.alloc(0)

/** Call after the server is attached and before the first connection. */
export function coalesceWrites(io: Server): void {
  /** In the order of what they are told, so one may be here more than once. */
  let waiting: EngineSocket[] = []

  function sendAll() {
    const all = waiting
    waiting = []
    for (const engineSocket of all) {
      if (engineSocket.writeBuffer.length === 0 || flushCoalesced(engineSocket)) continue
      Object.getPrototypeOf(engineSocket).flush.call(engineSocket)
    }
  }

  function scheduleFlush(this: EngineSocket) {
    if (waiting.length === 0) setImmediate(sendAll)
    waiting.push(this)
  }

  io.engine.on('connection', (engineSocket: EngineSocket) => {
    engineSocket.flush = scheduleFlush
  })
}

/**
 * Does what engine.io's own flush does, without telling anybody but who waits to close. False, and nothing done, where that is not to be had:
 * a transport that is no WebSocket, or not at work, or packets that are no text.
 */
function flushCoalesced(engineSocket: EngineSocket): boolean {
  const { transport, writeBuffer, packetsFn, readyState } = engineSocket
  const webSocket = transport.socket
  if (transport.name !== 'websocket' || packetsFn.length > 0) return false
  if (!transport.writable || readyState === 'closed' || webSocket.readyState !== isOpen) return false
  const bytes = framesOf(transport, writeBuffer)
  if (bytes === null) return false
  engineSocket.writeBuffer = []
  const tcp = webSocket._socket
  // Most leave at once; a call to hear of it would cost as much as the rest of this.
  tcp.write(bytes)
  if (tcp.writableLength > 0) {
    transport.writable = false
    tcp.write(nothing, () => {
      transport.writable = true
      engineSocket.flush()
    })
  }
  engineSocket.emit('drain')
  return true
}

/** All as one buffer; null where one is no text. */
function framesOf(transport: Transport, packets: readonly Packet[]): Buffer | null {
  const frames: Buffer[] = []
  for (const packet of packets) {
    const frame = preEncoded(packet) ?? frameOf(encode(transport, packet))
    if (frame === null) return null
    frames.push(frame)
  }
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames)
}

/** Joined for all who are told. */
function preEncoded({ options }: Packet): Buffer | undefined {
  const parts = options?.wsPreEncodedFrame
  if (parts && parts.length > 1) parts.splice(0, parts.length, Buffer.concat(parts))
  return parts?.[0]
}

function encode({ parser }: Transport, packet: Packet): unknown {
  let encoded: unknown
  parser.encodePacket(packet, true, (done) => {
    encoded = done
  })
  return encoded
}

/** One unmasked text frame (RFC 6455, 5.2); null for what is not text. */
function frameOf(text: unknown): Buffer | null {
  if (typeof text !== 'string') return null
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81
  if (header === 2) {
    frame[1] = length
  } else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header)
  return frame
}
