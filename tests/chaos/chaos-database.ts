// The run's MariaDB: the product's embedded server with a supervisor that restarts it after it exits.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { driverOptions } from '#db/core/connect.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { createFiles } from '#db/embedded/database-files.ts'
import { createDirectories, layoutOf, removeSocketDirectory } from '#db/embedded/layout.ts'
import { administrator, databaseName, databaseUser } from '#db/embedded/server-options.ts'
import { type ServerProcess, spawnServer, waitUntilServing } from '#db/embedded/server-process.ts'
import { serverProgram } from '#db/embedded/server-program.ts'

export interface ChaosDatabase {
  url: string
  /** The same as the administrator, who may make other databases and end connections. */
  adminUrl: string
  kill(): void
  freeze(): void
  thaw(): void
  /** Ends every connection except its own. */
  killConnections(): Promise<void>
  /** Resolves when the server accepts queries. */
  ready(): Promise<void>
  /** Runs the checker's own SQL over a separate connection. */
  query<T>(sql: string, values?: unknown[]): Promise<T[]>
  stop(): Promise<void>
}

const bufferPool = 128 * 2 ** 20

export async function startChaosDatabase(folder: string): Promise<ChaosDatabase> {
  lockDataDirectory(folder)
  const quiet = () => undefined
  const layout = layoutOf(folder)
  const program = await serverProgram(quiet)
  createDirectories(layout)
  await createFiles(program, layout, quiet)
  const urlOf = (user: string) =>
    `mysql://${user}@localhost/${databaseName}?socketPath=${encodeURIComponent(layout.socket)}`
  const adminUrl = urlOf(administrator)

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
    const connection = await createConnection({ ...driverOptions({ url: adminUrl }), connectTimeout: 5000 })
    try {
      return await work(connection)
    } finally {
      connection.destroy()
    }
  }

  return {
    url: urlOf(databaseUser),
    adminUrl,
    kill: () => signal('SIGKILL'),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    killConnections: () =>
      connected(async (connection) => {
        const [rows] = await connection.query<RowDataPacket[]>(
          "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND command <> 'Daemon'",
        )
        // A connection that ended in the meantime cannot be killed.
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
      await server.stop()
      await supervised
      removeSocketDirectory(layout)
      unlockDataDirectory(folder)
    },
  }
}
