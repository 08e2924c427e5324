// The private MariaDB that Kefu brings along: made, started, started again when it dies, ended with Kefu.
// Never two on the same files: the folder is held, an orphan is ended first, and a new one starts only when the old one's exit was seen.

import { setTimeout as sleep } from 'node:timers/promises'
import { serverLimits } from '#protocol/limits/server.ts'
import { assertLocked } from './data-directory.ts'
import { createFiles, recordVersion, refuseNewerFiles } from './database-files.ts'
import { freeBytes, watchDisk } from './disk-watch.ts'
import { createFolders, layoutOf, removeSocketFolder } from './layout.ts'
import { terminateOrphan } from './orphan.ts'
import { databaseName, databaseUser } from './server-options.ts'
import { type ServerProcess, spawnServer, waitUntilServing } from './server-process.ts'
import { serverProgram } from './server-program.ts'

export interface EmbeddedOptions {
  /** Held by this process already, see lockDataDirectory. */
  dataDir: string
  /** Bytes. */
  bufferPool: number
  log: (line: string) => void
  /** Told each time the server has died by itself; it is being started again. */
  onExit?: (how: string) => void
  /** Warns below this; serverLimits.lowDiskBytes where nobody says. */
  lowDiskBytes?: number
}

export interface EmbeddedDatabase {
  socketPath: string
  user: string
  database: string
  /** The server's process id, another one after each restart. */
  pid(): number | undefined
  /** Resolves when its process is gone. */
  stop(): Promise<void>
}

/** Between one death and the next start, in milliseconds: at once the first time, then longer up to the last of these. */
const restartPauses = [0, 200, 1000, 2000, 5000] as const
/** With less left, the server cannot write. */
const fullBytes = 2 ** 20
/** A server that lived this long was well. */
const wellMs = 30_000

/** Resolves when it answers; throws a StartError where a person has to mend something. */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  assertLocked(options.dataDir)
  const layout = layoutOf(options.dataDir)
  const program = await serverProgram(options.log)
  createFolders(layout)
  await terminateOrphan(layout, options.log)
  await refuseNewerFiles(program, layout)
  await createFiles(program, layout, options.log)

  const stopping = new AbortController()
  const spawn = () => spawnServer(program, layout, options.bufferPool)
  let server: ServerProcess = spawn()
  await orEnd(server, waitUntilServing(server, layout))
  await recordVersion(program, layout)
  const disk = watchDisk(layout.folder, options.log, options.lowDiskBytes ?? serverLimits.lowDiskBytes)

  const supervised = (async () => {
    for (let deaths = 0; ; ) {
      const startedAt = performance.now()
      const how = await server.exited
      if (stopping.signal.aborted) return
      deaths = performance.now() - startedAt > wellMs ? 1 : deaths + 1
      const isFull = (await freeBytes(layout.folder).catch(() => fullBytes)) < fullBytes
      options.log(`The embedded database ${how}${isFull ? ', its disk is full' : ''}; starting it again`)
      options.onExit?.(how)
      await sleep(restartPauses[Math.min(deaths, restartPauses.length) - 1], undefined, {
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
      await server.end()
      await supervised
      removeSocketFolder(layout)
    },
  }
}

async function orEnd(server: ServerProcess, start: Promise<void>): Promise<void> {
  try {
    await start
  } catch (error) {
    await server.end()
    throw error
  }
}
