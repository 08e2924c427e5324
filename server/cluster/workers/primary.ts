// The primary process: starts the workers, restarts those that exit, relays their bus messages, and stops them. It
// serves no requests, and keeps running while a worker serves.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSocketDirectory, socketDirectoryOf } from '#db/embedded/socket-directory.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { ProcessLifecycle } from '../../process/lifecycle.ts'
import type { Prepared } from '../../startup.ts'
import { createRejectedMessages } from '../rejected-messages.ts'
import { createConnectionDispatcher } from './connection-dispatcher.ts'
import type { Start, ToPrimary } from './ipc-messages.ts'
import { spawnWorker, type WorkerProcess } from './worker-process.ts'

/** Milliseconds between an exit and the restart: by consecutive exit, up to the last of these. */
const restartPauses = [0, 200, 1000, 2000, 5000] as const
/** A worker that served this long was healthy: its exit starts the pauses over. */
const healthyMs = 5_000
/** After this many failed starts in a row the primary exits, if no worker serves. */
const maxFailedStarts = 6

/** Resolves with the port once all workers serve; rejects when one fails to start. */
export async function startWorkers(
  { config, log, shutdownHooks, end }: ProcessLifecycle,
  prepared: Prepared,
): Promise<number> {
  const connections = connectionsPerWorker(config.workers, prepared.connectionsAllowed)
  const folder = socketDirectoryOf(join(config.dataDir, 'workers'))
  rmSync(folder, { recursive: true, force: true })
  createSocketDirectory(folder)
  const dispatcher = await createConnectionDispatcher(config)
  const running = new Set<WorkerProcess>()
  const ready = new Set<WorkerProcess>()
  const stopping = new AbortController()
  const rejected = createRejectedMessages(log, 'worker')
  let ids = 0

  function spawn(number: number): { worker: WorkerProcess; served: Promise<boolean> } {
    const { address, jwtSecrets } = prepared
    const start: Start = { kind: 'start', id: ++ids, count: config.workers, folder, address, connections, jwtSecrets }
    const served = Promise.withResolvers<boolean>()
    const worker = spawnWorker(number, start, rejected, onMessage)
    running.add(worker)

    function onMessage(message: ToPrimary) {
      // A leaving worker may still accept a connection that was already sent.
      if (message.kind === 'accepted') ready.has(worker) ? dispatcher.markIdle(worker) : dispatcher.remove(worker)
      if (message.kind === 'publish') for (const other of ready) if (other !== worker) other.publish(message.messages)
      if (message.kind === 'leaving') leave()
      if (message.kind !== 'ready') return
      ready.add(worker)
      dispatcher.markIdle(worker)
      sendReadyCount()
      served.resolve(true)
    }

    function leave() {
      dispatcher.remove(worker)
      if (ready.delete(worker)) sendReadyCount()
    }

    void worker.exited.then(() => {
      running.delete(worker)
      leave()
      rmSync(join(folder, String(worker.id)), { force: true })
      served.resolve(false)
    })
    return { worker, served: served.promise }
  }

  const sendReadyCount = () => ready.forEach((worker) => void worker.sendReadyCount(ready.size))

  async function keepRunning(number: number, { worker, served }: ReturnType<typeof spawn>): Promise<void> {
    let exits = 0
    for (let failures = 0; ; ) {
      failures = (await served) ? 0 : failures + 1
      const servedFrom = performance.now()
      const exit = await worker.exited
      if (stopping.signal.aborted) return
      exits = failures === 0 && performance.now() - servedFrom > healthyMs ? 1 : exits + 1
      if (failures >= maxFailedStarts && ready.size === 0) {
        log.fatal(`worker ${number} ${exit}, giving up after ${failures} failed starts`)
        return end(1)
      }
      log.error(`worker ${number} ${exit}, restarting`)
      const pause = restartPauses[Math.min(exits, restartPauses.length) - 1]
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      ;({ worker, served } = spawn(number))
    }
  }

  shutdownHooks.push(async () => {
    stopping.abort()
    dispatcher.close()
    const killTimer = setTimeout(
      () => running.forEach((worker) => void worker.kill('SIGKILL')),
      serverLimits.workerDrainMs,
    )
    for (const worker of running) worker.kill('SIGTERM')
    await Promise.all([...running].map(({ exited }) => exited))
    clearTimeout(killTimer)
    rmSync(folder, { recursive: true, force: true })
  })

  const initial = Array.from({ length: config.workers }, (_, index) => spawn(index + 1))
  const haveServed = await Promise.all(initial.map(({ served }) => served))
  if (haveServed.includes(false)) throw new StartError('A worker failed to start; see its log above.')
  initial.forEach((spawned, index) => void keepRunning(index + 1, spawned))
  return dispatcher.port
}

/** Throws a StartError when max_connections of the database is too low for so many workers. */
function connectionsPerWorker(workers: number, allowed: number): number {
  const shared = allowed - serverLimits.spareDatabaseConnections
  const share = Math.floor(shared / workers) - serverLimits.pipelineConnections
  if (share >= serverLimits.minDatabaseConnections) return Math.min(share, serverLimits.databaseConnections)
  const maxWorkers = Math.floor(shared / (serverLimits.minDatabaseConnections + serverLimits.pipelineConnections))
  throw new StartError(
    `WORKERS must be at most ${Math.max(1, maxWorkers)} on this database, whose max_connections is ${allowed}; not ${workers}.`,
  )
}
