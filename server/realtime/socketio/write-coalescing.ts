// Write coalescing: one socket write for everything that a tick sends to a connection. System calls per frame are most
// of a message's cost, and a batch gives its sender several events and replies. No packet waits longer than the tick.

import type { Server } from 'socket.io'
import type { EnginePacket, EngineSocket, EngineTransport } from './engine-types.ts'

/** `readyState` of an open WebSocket. */
const webSocketOpen = 1
const emptyBuffer = Buffer.alloc(0)

/** Call after the server is attached and before the first connection. */
export function coalesceWrites(io: Server): void {
  /** In send order. A connection appears once for each of its sends. */
  let scheduled: EngineSocket[] = []

  function flushAll() {
    const conns = scheduled
    scheduled = []
    for (const conn of conns) {
      if (conn.writeBuffer.length === 0 || flushCoalesced(conn)) continue
      Object.getPrototypeOf(conn).flush.call(conn)
    }
  }

  function scheduleFlush(this: EngineSocket) {
    if (scheduled.length === 0) setImmediate(flushAll)
    scheduled.push(this)
  }

  io.engine.on('connection', (conn: EngineSocket) => {
    conn.flush = scheduleFlush
  })
}

/**
 * Replaces engine.io's flush. Of its events only `drain` is emitted, which a closing connection waits for. Returns
 * false, with nothing done, for polling, for a transport that is not writable, and for packets that are not text.
 */
function flushCoalesced(conn: EngineSocket): boolean {
  const { transport, writeBuffer, packetsFn, readyState } = conn
  const webSocket = transport.socket
  if (transport.name !== 'websocket' || packetsFn.length > 0) return false
  if (!transport.writable || readyState === 'closed' || webSocket?.readyState !== webSocketOpen) return false
  const tcp = webSocket._socket
  const bytes = encodeFrames(transport, writeBuffer)
  if (tcp === undefined || bytes === null) return false
  conn.writeBuffer = []
  // Most writes complete synchronously, and a callback would cost as much as the rest of this function. So only a
  // backlogged socket gets one.
  tcp.write(bytes)
  if (tcp.writableLength > 0) {
    transport.writable = false
    tcp.write(emptyBuffer, () => {
      transport.writable = true
      conn.flush()
    })
  }
  conn.emit('drain')
  return true
}

/** All packets in one buffer; null when one of them is not text. */
function encodeFrames(transport: EngineTransport, packets: readonly EnginePacket[]): Buffer | null {
  const frames: Buffer[] = []
  for (const packet of packets) {
    const frame = preEncodedFrame(packet) ?? textFrame(encode(transport, packet))
    if (frame === null) return null
    frames.push(frame)
  }
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames)
}

/** Joins header and payload in place, so once for all recipients. */
function preEncodedFrame({ options }: EnginePacket): Buffer | undefined {
  const parts = options?.wsPreEncodedFrame
  if (parts && parts.length > 1) parts.splice(0, parts.length, Buffer.concat(parts))
  return parts?.[0]
}

function encode({ parser }: EngineTransport, packet: EnginePacket): unknown {
  let encoded: unknown
  // Calls back synchronously.
  parser.encodePacket(packet, true, (done) => {
    encoded = done
  })
  return encoded
}

/** One unmasked text frame (RFC 6455, 5.2); null when `text` is not a string. */
function textFrame(text: unknown): Buffer | null {
  if (typeof text !== 'string') return null
  const length = Buffer.byteLength(text)
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + length)
  frame[0] = 0x81
  if (headerBytes === 2) {
    frame[1] = length
  } else if (headerBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, headerBytes)
  return frame
}
