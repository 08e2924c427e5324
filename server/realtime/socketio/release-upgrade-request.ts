// Releases the HTTP request that opened a connection. A connection outlives it by hours, and the request is a third of
// an idle connection's memory.

import type { Socket } from 'socket.io'
import type { EngineSocket } from './engine-types.ts'

/** Nothing may read the socket's request or handshake afterwards. A polling socket keeps both until it upgrades. */
export function releaseUpgradeRequest(socket: Socket): void {
  const conn = socket.conn as unknown as EngineSocket
  if (conn.transport.name !== 'websocket') {
    const onUpgrade = () => releaseUpgradeRequest(socket)
    conn.once('upgrade', onUpgrade)
    // A client may leave and rejoin on the same connection any number of times.
    socket.once('disconnect', () => conn.off('upgrade', onUpgrade))
    return
  }
  const tcp = conn.transport.socket?._socket
  for (const listener of tcp?.listeners('close') ?? []) {
    if (isUpgradeListener(listener)) tcp?.off('close', listener as () => void)
  }
  conn.request = null
  Object.assign(socket.handshake, { headers: {}, query: {}, auth: {} })
}

/** The upgrade response leaves this listener on the TCP socket. It holds the request, and nothing else needs it. */
const isUpgradeListener = (listener: unknown) => String(listener) === '() => this.emit("close")'
