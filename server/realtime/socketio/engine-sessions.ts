// The sessions of engine.io on this node: who began each, whether a token was valid for it, what it may still do. An engine.io session is
// one connection of a client, whatever it travels by; a Socket.IO connection is made on it when its token was valid.

import type { Socket as TcpSocket } from 'node:net'
import { budgets } from '../../budgets/budgets.ts'
import { type Counter, createCounter } from '../../budgets/counter.ts'
import type { ClientAddress } from '../../shared/client-address.ts'
import type { Packet } from './write-coalescing.ts'

/** The parts of engine.io 6.6.12 that the guards rest on. */
export interface EngineConnection {
  id: string
  readyState: 'opening' | 'open' | 'closing' | 'closed'
  request: object | null
  writeBuffer: Packet[]
  pingTimeoutTimer: NodeJS.Timeout | null
  transport: EngineTransport
  close(discard?: boolean): void
  onClose(reason: string): void
  once(event: 'close', listener: () => void): void
}

export interface EngineTransport {
  name: string
  sid?: string
  onPacket(packet: Packet): void
  /** Polling alone: the body of a POST. */
  onData(data: string): void
  /** Polling alone: the requests that are open now. */
  req?: { socket: TcpSocket } | null
  dataReq?: { socket: TcpSocket } | null
  /** WebSocket alone. */
  socket?: EngineWebSocket
}

export interface EngineWebSocket {
  _socket?: TcpSocket
  _sender?: { _bufferedBytes: number }
  terminate(): void
  on(event: 'ping' | 'pong', listener: () => void): void
}

export interface EngineSession {
  conn: EngineConnection
  address: ClientAddress
  /** Whose token was valid; null before. */
  user: { userId: number; sessionId: number } | null
  isConnecting: boolean
  /** Gives back the places of its connection; null while it has none. */
  release: (() => void) | null
  connects: Counter
  /** When the client has to have connected; Infinity while it is. */
  deadline: number
  /** Set while a request waits for what was sent to be read. */
  hasRoom: (() => void)[] | null
  /** What the client had not read at the last sweep, and since when it has read nothing. */
  unread: number
  stalledSince: number
  closingSince: number
}

export function createEngineSession(conn: EngineConnection, address: ClientAddress, deadline: number): EngineSession {
  return {
    conn,
    address,
    user: null,
    isConnecting: false,
    release: null,
    connects: createCounter(budgets.connectsPerConnection),
    deadline,
    hasRoom: null,
    unread: 0,
    stalledSince: 0,
    closingSince: 0,
  }
}

/** By the id of engine.io's session. */
export type EngineSessions = Map<string, EngineSession>

export const tcpOf = ({ transport }: EngineConnection): TcpSocket | undefined =>
  transport.socket?._socket ?? transport.req?.socket

/** Ends a connection without a closing handshake, which would wait behind what the client does not read. */
export function terminate(conn: EngineConnection): void {
  const { socket, req, dataReq } = conn.transport
  conn.close(true)
  socket?.terminate()
  req?.socket.destroy()
  dataReq?.socket.destroy()
  // Polling would wait for the next poll.
  conn.onClose('forced close')
}
