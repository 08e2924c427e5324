// The run's MariaDB: the product's own embedded server, supervised so that another starts only when the one before was seen to end.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { driverOptions } from '#db/core/connect.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { createFiles } from '#db/embedded/database-files.ts'
import { createFolders, layoutOf, removeSocketFolder } from '#db/embedded/layout.ts'
import { databaseName, databaseUser } from '#db/embedded/server-options.ts'
import { type ServerProcess, spawnServer, waitUntilServing } from '#db/embedded/server-process.ts'
import { serverProgram } from '#db/embedded/server-program.ts'

export interface ChaosDatabase {
  url: string
  kill(): void
  freeze(): void
  thaw(): void
  /** Ends every connection but the one that does it. */
  killConnections(): Promise<void>
  /** Resolves when it serves. */
  ready(): Promise<void>
  /** Rows of the run's own SQL, over a connection of its own. */
  query<T>(sql: string, values?: unknown[]): Promise<T[]>
  stop(): Promise<void>
}

const bufferPool = 128 * 2 ** 20

export async function startChaosDatabase(folder: string): Promise<ChaosDatabase> {
  lockDataDirectory(folder)
  const quiet = () => undefined
  const layout = layoutOf(folder)
  const program = await serverProgram(quiet)
  createFolders(layout)
  await createFiles(program, layout, quiet)
  const url = `mysql://${databaseUser}@localhost/${databaseName}?socketPath=${encodeURIComponent(layout.socket)}`

  let isStopping = false
  let server: ServerProcess = spawnServer(program, layout, bufferPool)
  await waitUntilServing(server, layout)
  const supervised = (async () => {
    for (;;) {
      await server.exited
      if (isStopping) return
      server = spawnServer(program, layout, bufferPool)
    }
  })()

  const signal = (name: NodeJS.Signals) => {
    if (server.pid !== undefined && server.isRunning()) process.kill(server.pid, name)
  }

  async function connected<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await createConnection({ ...driverOptions({ url }), connectTimeout: 5000 })
    try {
      return await work(connection)
    } finally {
      connection.destroy()
    }
  }

  return {
    url,
    kill: () => signal('SIGKILL'),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    killConnections: () =>
      connected(async (connection) => {
        const [rows] = await connection.query<RowDataPacket[]>(
          "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND command <> 'Daemon'",
        )
        // One that ended meanwhile cannot be killed.
        for (const { id } of rows) await connection.query('KILL ?', [id]).catch(() => undefined)
      }),
    async ready() {
      for (const giveUpAt = performance.now() + 60_000; ; await sleep(20)) {
        try {
          return await connected(async (connection) => void (await connection.query('SELECT 1')))
        } catch (error) {
          if (performance.now() > giveUpAt) throw error
        }
      }
    },
    query: (sql, values = []) =>
      connected(async (connection) => (await connection.query<RowDataPacket[]>(sql, values))[0] as never),
    async stop() {
      isStopping = true
      signal('SIGCONT')
      await server.end()
      await supervised
      removeSocketFolder(layout)
      unlockDataDirectory(folder)
    },
  }
}
