// Listens on the port of all workers, in the primary, and hands every connection to a worker without reading from it. A
// worker accepts one connection at a time, which balances the load and limits a frozen worker to one connection.

import { type AddressInfo, createServer, type Socket } from 'node:net'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Config } from '../../process/config.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface ConnectionDispatcher {
  port: number
  /** The worker has started, or has accepted its last connection. */
  markIdle(worker: WorkerProcess): void
  /** The worker gets no more connections. One that it has not accepted is closed. */
  remove(worker: WorkerProcess): void
  close(): void
}

/** Rejects with a StartError when the port cannot be bound. */
export async function createConnectionDispatcher({
  host,
  port,
}: Pick<Config, 'host' | 'port'>): Promise<ConnectionDispatcher> {
  const waiting: Socket[] = []
  /** Longest idle first. */
  const idle = new Set<WorkerProcess>()
  const handedOff = new Map<WorkerProcess, Socket>()

  function dispatch() {
    for (const worker of idle) {
      const socket = waiting.shift()
      if (socket === undefined) return
      idle.delete(worker)
      handedOff.set(worker, socket)
      worker.handOff(socket)
    }
  }

  /** Closes the primary's handle. The connection itself closes when no worker holds another. */
  function release(worker: WorkerProcess) {
    handedOff.get(worker)?.destroy()
    handedOff.delete(worker)
  }

  // The options that a worker's own server would set on a connection.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on('error', () => {})
    if (waiting.length >= serverLimits.waitingConnections) return socket.destroy()
    waiting.push(socket)
    dispatch()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(`PORT and HOST cannot be bound: ${error.message}`)))
    server.listen({ host, port }, resolve)
  })

  return {
    port: (server.address() as AddressInfo).port,
    markIdle(worker) {
      release(worker)
      idle.add(worker)
      dispatch()
    },
    remove(worker) {
      release(worker)
      idle.delete(worker)
    },
    close() {
      server.close()
      for (const socket of waiting.splice(0)) socket.destroy()
    },
  }
}
