// The port of all workers: the primary alone listens, reads nothing, and hands every connection on. A worker takes one at a time and says
// so, which is what makes them share the work, and a frozen one holds one connection and no more.

import { type AddressInfo, createServer, type Socket } from 'node:net'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Config } from '../../process/config.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface ConnectionDispatcher {
  port: number
  /** This worker takes a connection from now on: it is new, or has taken the one before. */
  free(worker: WorkerProcess): void
  /** It takes no more; what it was given and has not taken is ended. */
  leave(worker: WorkerProcess): void
  close(): void
}

/** Rejects with a StartError where the port is not to be had. */
export async function createConnectionDispatcher({
  host,
  port,
}: Pick<Config, 'host' | 'port'>): Promise<ConnectionDispatcher> {
  const waiting: Socket[] = []
  /** The one that has been free for longest first. */
  const free = new Set<WorkerProcess>()
  const given = new Map<WorkerProcess, Socket>()

  function deal() {
    for (const worker of free) {
      const socket = waiting.shift()
      if (socket === undefined) return
      free.delete(worker)
      given.set(worker, socket)
      worker.give(socket)
    }
  }

  /** Closes our end of a connection, which is the last one if no worker has another. */
  function letGo(worker: WorkerProcess) {
    given.get(worker)?.destroy()
    given.delete(worker)
  }

  // What the workers' own servers would set on a connection.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => {})
    if (waiting.length >= serverLimits.waitingConnections) return socket.destroy()
    waiting.push(socket)
    deal()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(`PORT and HOST cannot be used: ${error.message}`)))
    server.listen({ host, port }, resolve)
  })

  return {
    port: (server.address() as AddressInfo).port,
    free(worker) {
      letGo(worker)
      free.add(worker)
      deal()
    },
    leave(worker) {
      letGo(worker)
      free.delete(worker)
    },
    close() {
      server.close()
      for (const socket of waiting.splice(0)) socket.destroy()
    },
  }
}
