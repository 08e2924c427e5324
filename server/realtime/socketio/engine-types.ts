// The internals of engine.io 6.6.12, socket.io-parser 4.2.7 and ws 8.21.3 that this folder uses. Their own types do not
// declare them.

import type { IncomingMessage } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'

/** `io.engine`. */
export interface Engine {
  opts: { wsEngine: new (options: object) => object }
  /** Creates the WebSocket server; engine.io calls it again when the HTTP server listens. */
  init(): void
  createTransport(name: string, request: IncomingMessage): EngineTransport
}

/** `socket.conn`: one session, which may change its transport once, from polling to WebSocket. */
export interface EngineSocket {
  id: string
  readyState: 'opening' | 'open' | 'closing' | 'closed'
  request: object | null
  transport: EngineTransport
  /** Packets not yet passed to the transport. */
  writeBuffer: EnginePacket[]
  /** Callbacks for when the packets have left. Kefu passes none. */
  packetsFn: unknown[]
  /** Set while a pong is due. Any packet that arrives meanwhile refreshes it. */
  pingTimeoutTimer: NodeJS.Timeout | null
  write(text: string): void
  /** Passes writeBuffer to the transport. */
  flush(): void
  close(discard?: boolean): void
  onClose(reason: string): void
  emit(event: 'drain'): void
  once(event: 'close' | 'upgrade', listener: () => void): void
  off(event: 'upgrade', listener: () => void): void
}

export interface EngineTransport {
  name: string
  sid?: string
  /** False while a write is pending. */
  writable: boolean
  parser: { encodePacket(packet: EnginePacket, supportsBinary: boolean, done: (encoded: unknown) => void): void }
  onPacket(packet: EnginePacket): void
  /** Polling only: the body of a POST. */
  onData(data: string): void
  /** Polling only: the open GET and POST. */
  req?: { socket: TcpSocket } | null
  dataReq?: { socket: TcpSocket } | null
  /** WebSocket only. */
  socket?: WsSocket
}

/** The WebSocket of ws. */
export interface WsSocket {
  readyState: number
  _socket?: TcpSocket
  _receiver: WsReceiver
  _sender?: { _bufferedBytes: number }
  terminate(): void
  on(event: 'ping' | 'pong' | 'error', listener: () => void): void
}

/** Parses frames, for each chunk while `_loop` is set. */
export interface WsReceiver {
  _loop: boolean
  _write(chunk: Buffer, encoding: string, done: () => void): void
}

export interface EnginePacket {
  type: string
  data?: unknown
  /** A broadcast is framed once, as header and payload; all recipients share the array. */
  options?: { wsPreEncodedFrame?: Buffer[] }
  /** Not engine.io's: the size, cached by slow-consumers.ts. */
  bytes?: number
}

/** `io.encoder` of socket.io-parser. */
export interface PacketEncoder {
  encode(packet: object): string[]
  encodeAsString(packet: object): string
}
