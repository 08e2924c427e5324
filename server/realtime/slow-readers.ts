// What a client does not read waits in this process. Past limits.sendBufferBytes the connection is cut: the client comes back and catches
// up from the database. Watched by a sweep, never while broadcasting. The backlog is in engine.io's writeBuffer; the WebSocket's own
// bufferedAmount tells nothing of it.

import type { Socket } from 'socket.io'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import type { OpenConnections } from './open-connections.ts'

/** So many packets wait for free: a client on a slow line may ask for several whole pages at once. */
const freePackets = 4

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

interface Packet {
  data?: string | Buffer
  /** What is told to many is encoded once, and kept beside the text. */
  options?: { wsPreEncodedFrame?: Buffer[] }
}

function waitingBytes({ conn }: Socket): number {
  const { writeBuffer } = conn as unknown as { writeBuffer: Packet[] }
  return writeBuffer.slice(freePackets).reduce((sum, packet) => sum + bytesOf(packet), 0)
}

function bytesOf({ data = '', options }: Packet): number {
  const frame = options?.wsPreEncodedFrame ?? []
  return frame.reduce((sum, part) => sum + part.length, Buffer.byteLength(data))
}

/** A closing handshake would wait behind the backlog, so what waits is thrown away and the transport ended as it is. */
function cut({ conn }: Socket): void {
  const { socket } = conn.transport as unknown as { socket?: { terminate?(): void } }
  conn.close(true)
  socket?.terminate?.()
}
