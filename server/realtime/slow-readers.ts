// What a client does not read waits in this process. Past limits.sendBufferBytes the connection is cut: the client comes back and catches
// up from the database. Watched by a sweep, never while broadcasting. The backlog is in engine.io's writeBuffer; the WebSocket's own
// bufferedAmount tells nothing of it.

import type { Socket } from 'socket.io'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import type { OpenConnections } from './open-connections.ts'

/** Under this many packets nothing is added up: the largest messages would still fit. */
const fewPackets = 32

export function watchSlowReaders(app: Pick<App, 'log'>, connections: OpenConnections): { stop(): void } {
  const timer = setInterval(() => {
    for (const { socket, actor } of connections.all()) {
      if (waitingBytes(socket) <= limits.sendBufferBytes) continue
      app.log.info({ userId: actor.userId, reason: 'slow' }, 'ended a connection')
      cut(socket)
    }
  }, limits.sendBufferSweepMs)
  return { stop: () => clearInterval(timer) }
}

function waitingBytes({ conn }: Socket): number {
  const { writeBuffer } = conn as unknown as { writeBuffer: { data?: string | Buffer }[] }
  if (writeBuffer.length < fewPackets) return 0
  return writeBuffer.reduce((sum, packet) => sum + (packet.data?.length ?? 0), 0)
}

/** A closing handshake would wait behind the backlog, so what waits is thrown away and the transport ended as it is. */
function cut({ conn }: Socket): void {
  const { socket } = conn.transport as unknown as { socket?: { terminate?(): void } }
  conn.close(true)
  socket?.terminate?.()
}
