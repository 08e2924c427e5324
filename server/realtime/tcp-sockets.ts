// Tracks every TCP socket of the HTTP server, whatever its protocol, and measures the bytes that wait to be sent on it.

import type { IncomingMessage, Server as NodeServer, ServerResponse } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import { trustAddressHeader } from '../shared/client-address.ts'

export interface TcpSockets {
  all(): Iterable<TcpSocket>
  /** Bytes not yet sent, including responses queued behind an earlier one. */
  unread(socket: TcpSocket): number
}

/** Call before the server listens. */
export function trackTcpSockets(server: NodeServer): TcpSockets {
  const sockets = new Set<TcpSocket>()
  const responses = new WeakMap<TcpSocket, Set<ServerResponse>>()

  function forget(this: TcpSocket) {
    sockets.delete(this)
  }

  server.on('connection', (socket: TcpSocket) => {
    sockets.add(socket)
    socket.once('close', forget)
    // Only workers of this machine can connect to the private socket.
    if (isPipe(socket)) trustAddressHeader(socket)
  })
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const open = responses.get(socket)
    if (open) open.add(response)
    else responses.set(socket, new Set([response]))
    response.once('close', () => responses.get(socket)?.delete(response))
  })

  return {
    all: () => sockets,
    unread(socket) {
      let bytes = socket.writableLength
      const open = responses.get(socket)
      // The first response writes straight to the socket.
      if (open && open.size > 1) for (const response of open) bytes += outputSize(response)
      return bytes
    },
  }
}

const outputSize = (response: ServerResponse) => (response as unknown as { outputSize: number }).outputSize

const isPipe = (socket: TcpSocket) =>
  (socket as unknown as { _handle?: { constructor: { name: string } } })._handle?.constructor.name === 'Pipe'
