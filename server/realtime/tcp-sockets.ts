// Every TCP socket that the HTTP server has accepted, whatever is spoken on it: what waits to be sent is measured here, below all layers.

import type { IncomingMessage, Server as NodeServer, ServerResponse } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import { trustAddressHeader } from '../shared/client-address.ts'

export interface TcpSockets {
  all(): Iterable<TcpSocket>
  /** Bytes that wait to be sent, also those of responses that wait for an earlier one. */
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
    // Only other workers of this machine reach the private socket.
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
      // The first one writes to the socket itself.
      if (open && open.size > 1) for (const response of open) bytes += outputSize(response)
      return bytes
    },
  }
}

const outputSize = (response: ServerResponse) => (response as unknown as { outputSize: number }).outputSize

const isPipe = (socket: TcpSocket) =>
  (socket as unknown as { _handle?: { constructor: { name: string } } })._handle?.constructor.name === 'Pipe'
