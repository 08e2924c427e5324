// A connection outlives the HTTP request that opened it by hours, and that request is a third of what an idle connection keeps in memory.
// It is let go once the connection is accepted; a test holds that nothing of it stays.

import type { Socket } from 'socket.io'

interface TcpSocket {
  listeners(name: 'close'): (() => void)[]
  off(name: 'close', listener: () => void): void
}

/** What holds the request in engine.io 6.6.12: its socket, and a listener that the response of the upgrade leaves on the TCP socket. */
interface EngineSocket {
  request: object | null
  transport: { name: string; socket?: { _socket?: TcpSocket } }
}

/** Nothing may read the request or the handshake of this connection afterwards. Polling keeps it until it has become a WebSocket. */
export function releaseUpgradeRequest(socket: Socket): void {
  const { conn } = socket
  const engineSocket = conn as unknown as EngineSocket
  if (engineSocket.transport.name !== 'websocket') {
    const upgraded = () => releaseUpgradeRequest(socket)
    conn.once('upgrade', upgraded)
    // It may leave and come again on the same connection, time and again.
    socket.once('disconnect', () => conn.off('upgrade', upgraded))
    return
  }
  const tcp = engineSocket.transport.socket?._socket
  for (const listener of tcp?.listeners('close') ?? []) if (isOfUpgrade(listener)) tcp?.off('close', listener)
  engineSocket.request = null
  Object.assign(socket.handshake, { headers: {}, query: {}, auth: {} })
}

/** It only tells the response of the end, for which nobody waits any more. */
const isOfUpgrade = (listener: () => void) => String(listener) === '() => this.emit("close")'
