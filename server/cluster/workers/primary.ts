// The primary of several workers: starts them, starts them again when they die, passes on what they tell each other, and ends them. It
// serves nobody itself, and never ends while a worker serves, unless told to.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSocketFolder, socketFolderOf } from '#db/embedded/socket-folder.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { ProcessLifecycle } from '../../process/lifecycle.ts'
import type { Prepared } from '../../startup.ts'
import { createRefusedMessages } from '../rejected-messages.ts'
import { createConnectionDispatcher } from './connection-dispatcher.ts'
import type { Start, ToPrimary } from './ipc-messages.ts'
import { spawnWorker, type WorkerProcess } from './worker-process.ts'

/** Between one death and the next start, in milliseconds: at once the first time, then longer up to the last of these. */
const restartPauses = [0, 200, 1000, 2000, 5000] as const
/** A worker that served this long was well. */
const wellMs = 5_000
/** With nobody left who serves, one that could not start so often in a row ends everything. */
const triesToStart = 6

/** Resolves with the port when all of them serve; rejects when one cannot start. */
export async function startWorkers({ config, log, stops, end }: ProcessLifecycle, prepared: Prepared): Promise<number> {
  const connections = connectionsEach(config.workers, prepared.connectionsAllowed)
  const folder = socketFolderOf(join(config.dataDir, 'workers'))
  rmSync(folder, { recursive: true, force: true })
  createSocketFolder(folder)
  const door = await createConnectionDispatcher(config)
  const running = new Set<WorkerProcess>()
  const ready = new Set<WorkerProcess>()
  const stopping = new AbortController()
  const refused = createRefusedMessages(log, 'worker')
  let ids = 0

  function spawn(number: number): { worker: WorkerProcess; served: Promise<boolean> } {
    const { address, jwtSecrets } = prepared
    const start: Start = { kind: 'start', id: ++ids, count: config.workers, folder, address, connections, jwtSecrets }
    const served = Promise.withResolvers<boolean>()
    const worker = spawnWorker(number, start, refused, hear)
    running.add(worker)

    function hear(message: ToPrimary) {
      // One that is leaving may still take what was on its way.
      if (message.kind === 'took') ready.has(worker) ? door.free(worker) : door.leave(worker)
      if (message.kind === 'tell') for (const other of ready) if (other !== worker) other.tell(message.told)
      if (message.kind === 'leaving') leave()
      if (message.kind !== 'ready') return
      ready.add(worker)
      door.free(worker)
      tellReady()
      served.resolve(true)
    }

    function leave() {
      door.leave(worker)
      if (ready.delete(worker)) tellReady()
    }

    void worker.exited.then(() => {
      running.delete(worker)
      leave()
      rmSync(join(folder, String(worker.id)), { force: true })
      served.resolve(false)
    })
    return { worker, served: served.promise }
  }

  const tellReady = () => ready.forEach((worker) => void worker.tellReady(ready.size))

  async function keepRunning(number: number, { worker, served }: ReturnType<typeof spawn>): Promise<void> {
    let deaths = 0
    for (let failures = 0; ; ) {
      failures = (await served) ? 0 : failures + 1
      const servedFrom = performance.now()
      const how = await worker.exited
      if (stopping.signal.aborted) return
      deaths = failures === 0 && performance.now() - servedFrom > wellMs ? 1 : deaths + 1
      if (failures >= triesToStart && ready.size === 0) {
        log.fatal(`worker ${number} ${how} and cannot be started again`)
        return end(1)
      }
      log.error(`worker ${number} ${how}; starting it again`)
      const pause = restartPauses[Math.min(deaths, restartPauses.length) - 1]
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      ;({ worker, served } = spawn(number))
    }
  }

  stops.push(async () => {
    stopping.abort()
    door.close()
    const impatience = setTimeout(
      () => running.forEach((worker) => void worker.kill('SIGKILL')),
      serverLimits.workerDrainMs,
    )
    for (const worker of running) worker.kill('SIGTERM')
    await Promise.all([...running].map(({ exited }) => exited))
    clearTimeout(impatience)
    rmSync(folder, { recursive: true, force: true })
  })

  const first = Array.from({ length: config.workers }, (_, index) => spawn(index + 1))
  const haveServed = await Promise.all(first.map(({ served }) => served))
  if (haveServed.includes(false)) throw new StartError('A worker could not start; what it says is above.')
  first.forEach((one, index) => void keepRunning(index + 1, one))
  return door.port
}

/** Throws a StartError where the database allows too few for so many workers. */
function connectionsEach(workers: number, allowed: number): number {
  const shared = allowed - serverLimits.spareDatabaseConnections
  const share = Math.floor(shared / workers) - serverLimits.pipelineConnections
  if (share >= serverLimits.minDatabaseConnections) return Math.min(share, serverLimits.databaseConnections)
  const most = Math.floor(shared / (serverLimits.minDatabaseConnections + serverLimits.pipelineConnections))
  throw new StartError(
    `WORKERS must be at most ${Math.max(1, most)} on this database, whose max_connections is ${allowed}; not ${workers}.`,
  )
}
