// What one connection is told within one turn of the event loop leaves in one write, of one buffer. A system call a frame is the greater part
// of what a message costs; in a batch a sender gets several messages and several answers. Nothing waits longer than the turn.

import type { Server } from 'socket.io'

interface Packet {
  type: string
  data?: unknown
  /** What is told to many is framed once: header and payload. */
  options?: { wsPreEncodedFrame?: Buffer[] }
}

/** The parts of engine.io's WebSocket transport that this rests on, held by a test. */
interface Transport {
  name: string
  writable: boolean
  parser: { encodePacket(packet: Packet, supportsBinary: boolean, done: (encoded: unknown) => void): void }
  socket: { readyState: number; _socket: { write(bytes: Buffer, written: (error?: Error | null) => void): void } }
  send(packets: Packet[]): void
  _onSentLast(error?: Error | null): void
}

/** And those of its socket: `flush` gives the transport what waits in writeBuffer. */
interface EngineSocket {
  flush(): void
  writeBuffer: Packet[]
  transport: Transport
}

const isOpen = 1

/** Call after the server is attached and before the first connection. */
export function sendTogether(io: Server): void {
  let waiting = new Set<EngineSocket>()

  function sendAll() {
    const all = waiting
    waiting = new Set()
    for (const engineSocket of all) {
      const { transport } = engineSocket
      // The transport is another after an upgrade.
      if (transport.name === 'websocket') transport.send = sendInOneWrite
      Object.getPrototypeOf(engineSocket).flush.call(engineSocket)
    }
  }

  function flushLater(this: EngineSocket) {
    if (this.writeBuffer.length === 0) return
    if (waiting.size === 0) setImmediate(sendAll)
    waiting.add(this)
  }

  io.engine.on('connection', (engineSocket: EngineSocket) => {
    engineSocket.flush = flushLater
  })
}

function sendInOneWrite(this: Transport, packets: Packet[]): void {
  const parts: Buffer[] = []
  for (const packet of packets) {
    const framed = packet.options?.wsPreEncodedFrame ?? frameOf(encode(this, packet))
    if (framed === null || this.socket.readyState !== isOpen) {
      Object.getPrototypeOf(this).send.call(this, packets)
      return
    }
    parts.push(...framed)
  }
  this.writable = false
  const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  this.socket._socket.write(bytes, this._onSentLast)
}

function encode({ parser }: Transport, packet: Packet): unknown {
  let encoded: unknown
  parser.encodePacket(packet, true, (done) => {
    encoded = done
  })
  return encoded
}

/** One unmasked text frame (RFC 6455, 5.2); null for what is not text. */
function frameOf(text: unknown): Buffer[] | null {
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
  return [frame]
}
