// Supervises the embedded MariaDB: creates it, starts it, restarts it after a crash, stops it with Kefu. Two servers
// never share files: the data directory is locked, an orphan is terminated first, and a restart awaits the previous
// exit.

import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { assertLocked } from './data-directory.ts'
import { assertNotNewer, createFiles, recordVersion } from './database-files.ts'
import { freeBytes, watchDisk } from './disk-watch.ts'
import { createDirectories, layoutOf, removeSocketDirectory } from './layout.ts'
import { terminateOrphan } from './orphan.ts'
import { databaseName, databaseUser } from './server-options.ts'
import { type ServerProcess, spawnServer, waitUntilServing } from './server-process.ts'
import { serverProgram } from './server-program.ts'

export interface EmbeddedOptions {
  /** Must be locked by this process, see lockDataDirectory. */
  dataDir: string
  /** Bytes. */
  bufferPool: number
  log: (line: string) => void
  /** Called after each crash, before the restart. */
  onExit?: (reason: string) => void
  /** Logs a warning below this; serverLimits.lowDiskBytes by default. */
  lowDiskBytes?: number
}

export interface EmbeddedDatabase {
  socketPath: string
  user: string
  database: string
  /** The server's process id, which changes with each restart. */
  pid(): number | undefined
  /** Resolves when the process has exited. */
  stop(): Promise<void>
}

/** Pauses in milliseconds before consecutive restarts. */
const restartPauses = [0, 200, 1000, 2000, 5000] as const
/** Below this the server cannot write. */
const fullBytes = 2 ** 20
/** After this uptime a crash counts as the first one again. */
const stableMs = 30_000

/** Resolves when the server accepts queries; throws a StartError that says what the operator must fix. */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  assertLocked(options.dataDir)
  const layout = layoutOf(options.dataDir)
  const program = await serverProgram(options.log)
  createDirectories(layout)
  await terminateOrphan(layout, options.log)
  await assertNotNewer(program, layout)
  await createFiles(program, layout, options.log)

  const stopping = new AbortController()
  const spawn = () => spawnServer(program, layout, options.bufferPool)
  let server: ServerProcess = spawn()
  await orStop(server, waitUntilServing(server, layout))
  await recordVersion(program, layout)
  const disk = watchDisk(layout.directory, options.log, options.lowDiskBytes ?? serverLimits.lowDiskBytes)

  const supervised = (async () => {
    for (let crashes = 0; ; ) {
      const startedAt = performance.now()
      const reason = await server.exited
      if (stopping.signal.aborted) return
      crashes = performance.now() - startedAt > stableMs ? 1 : crashes + 1
      const isFull = (await freeBytes(layout.directory).catch(() => fullBytes)) < fullBytes
      options.log(`The embedded database ${reason}${isFull ? ', its disk is full' : ''}; restarting`)
      options.onExit?.(reason)
      await sleep(restartPauses[Math.min(crashes, restartPauses.length) - 1], undefined, {
        signal: stopping.signal,
      }).catch(() => undefined)
      if (stopping.signal.aborted) return
      server = spawn()
    }
  })()

  return {
    socketPath: layout.socket,
    user: databaseUser,
    database: databaseName,
    pid: () => server.pid,
    stop: async () => {
      stopping.abort()
      disk.stop()
      await server.stop()
      await supervised
      removeSocketDirectory(layout)
    },
  }
}

async function orStop(server: ServerProcess, start: Promise<void>): Promise<void> {
  try {
    await start
  } catch (error) {
    await server.stop()
    throw error
  }
}
