// What one connection is told within one turn of the event loop leaves in one write. A system call a frame is the greater part of what a
// message costs; in a batch a sender gets several messages and several answers. Nothing waits longer than the turn.

import type { Server } from 'socket.io'

/** The parts of engine.io's socket that this rests on, held by a test: `flush` gives the transport what waits in writeBuffer. */
interface EngineSocket {
  flush(): void
  transport: { socket?: { _socket?: { cork(): void; uncork(): void } } }
}

/** Call after the server is attached and before the first connection. */
export function sendTogether(io: Server): void {
  let waiting = new Set<EngineSocket>()

  function sendAll() {
    const all = waiting
    waiting = new Set()
    for (const engineSocket of all) {
      const tcp = engineSocket.transport.socket?._socket
      tcp?.cork()
      Object.getPrototypeOf(engineSocket).flush.call(engineSocket)
      tcp?.uncork()
    }
  }

  function flushLater(this: EngineSocket) {
    if (waiting.size === 0) setImmediate(sendAll)
    waiting.add(this)
  }

  io.engine.on('connection', (engineSocket: EngineSocket) => {
    engineSocket.flush = flushLater
  })
}
