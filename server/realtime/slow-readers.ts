// What a client does not read waits in this process. Past limits.sendBufferBytes the connection is cut: the client comes back and catches
// up from the database. Watched by a sweep of those that are behind, never while broadcasting. The backlog is in engine.io's writeBuffer; the
// WebSocket's own bufferedAmount tells nothing of it.

import type { Socket } from 'socket.io'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import type { OpenConnections } from './open-connections.ts'
import type { EngineSocket, Packet } from './send-together.ts'

/** So many packets wait for free: a client on a slow line may ask for several whole pages at once. */
const freePackets = 4

/** `behind` as sendTogether fills it. */
export function watchSlowReaders(
  app: Pick<App, 'log'>,
  connections: OpenConnections,
  behind: Set<EngineSocket>,
): { stop(): void } {
  function look(engineSocket: EngineSocket) {
    const { writeBuffer, readyState } = engineSocket
    if (writeBuffer.length === 0 || readyState === 'closed') behind.delete(engineSocket)
    else if (waitingBytes(writeBuffer) > limits.sendBufferBytes) end(engineSocket)
  }

  function end(engineSocket: EngineSocket) {
    const conn: unknown = engineSocket
    const connection = connections.all().find(({ socket }) => socket.conn === conn)
    if (!connection) return
    app.log.info({ userId: connection.actor.userId, reason: 'slow' }, 'ended a connection')
    cut(connection.socket)
  }

  const timer = setInterval(() => behind.forEach(look), limits.sendBufferSweepMs)
  return { stop: () => clearInterval(timer) }
}

const waitingBytes = (writeBuffer: readonly Packet[]): number =>
  writeBuffer.slice(freePackets).reduce((sum, packet) => sum + bytesOf(packet), 0)

function bytesOf({ data, options }: Packet): number {
  const frame = options?.wsPreEncodedFrame ?? []
  return frame.reduce((sum, part) => sum + part.length, Buffer.byteLength((data ?? '') as string | Buffer))
}

/** A closing handshake would wait behind the backlog, so what waits is thrown away and the transport ended as it is. */
function cut({ conn }: Socket): void {
  const { socket } = conn.transport as unknown as { socket?: { terminate?(): void } }
  conn.close(true)
  socket?.terminate?.()
}
