// The engine.io sessions of this node. A session is one client's transport connection, by polling or WebSocket; a
// Socket.IO connection is opened on it once the client has shown a valid token.

import type { Socket as TcpSocket } from 'node:net'
import { budgets } from '../../budgets/budgets.ts'
import { type Counter, createCounter } from '../../budgets/counter.ts'
import type { ClientAddress } from '../../shared/client-address.ts'
import type { RequestReceiver } from '../incoming-requests.ts'
import type { EngineSocket } from './engine-types.ts'

export interface EngineSession {
  conn: EngineSocket
  address: ClientAddress
  /** Null until the client has shown a valid token. */
  user: { userId: number; sessionId: number } | null
  /** Admits the requests of its connection; null while none is open on it. */
  receiver: RequestReceiver | null
  /** While its token is being verified. */
  isConnecting: boolean
  /** Releases the slots of its connection; null while it holds none. */
  release: (() => void) | null
  connects: Counter
  /** The session ends when no connection is open on it by then. Infinity while one is. */
  deadline: number
  /** Requests that wait until the client has read its backlog. */
  onDrained: (() => void)[] | null
  /** Bytes unread at the last sweep, and since when the client has read nothing. */
  unread: number
  stalledSince: number
  closingSince: number
}

export function createEngineSession(conn: EngineSocket, address: ClientAddress, deadline: number): EngineSession {
  return {
    conn,
    address,
    user: null,
    receiver: null,
    isConnecting: false,
    release: null,
    connects: createCounter(budgets.connectsPerConnection),
    deadline,
    onDrained: null,
    unread: 0,
    stalledSince: 0,
    closingSince: 0,
  }
}

/** By engine.io's session id. */
export type EngineSessions = Map<string, EngineSession>

export const tcpOf = ({ transport }: EngineSocket): TcpSocket | undefined =>
  transport.socket?._socket ?? transport.req?.socket

/** Closes a connection without a closing handshake, which would wait behind the client's unread backlog. */
export function terminate(conn: EngineSocket): void {
  const { socket, req, dataReq } = conn.transport
  conn.close(true)
  socket?.terminate()
  req?.socket.destroy()
  dataReq?.socket.destroy()
  // Polling would wait for the next poll.
  conn.onClose('forced close')
}
