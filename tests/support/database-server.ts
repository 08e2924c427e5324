// The database server of one test run: TEST_DATABASE_URL's, else a private MariaDB in a temporary folder. The run drops
// its databases.

import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { TestProject } from 'vitest/node'
import { driverOptions } from '#db/core/connect.ts'
import { lockDataDirectory, tryLock, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { layoutOf } from '#db/embedded/layout.ts'
import { terminateOrphan } from '#db/embedded/orphan.ts'
import { administrator } from '#db/embedded/server-options.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A URL whose database name is a prefix: each test database adds to it. */
    testDatabaseServer: string
    /** The folder of this run. The run removes it, or a later run if this one was killed. */
    testFolder: string
    /** Whether test apps install the optimizations of server/realtime/socketio. */
    fastSocketIo: boolean
    /** Whether test apps append cached conversations optimistically. */
    optimisticAppend: boolean
  }
}

const prefixOfFolders = 'kefu-tests-'
let end = async () => {}

export async function setup(project: TestProject): Promise<void> {
  const given = process.env.TEST_DATABASE_URL
  await removeLeftovers()
  const folder = await mkdtemp(join(tmpdir(), prefixOfFolders))
  lockDataDirectory(folder)
  const server = given ? { url: given, stop: async () => {} } : await startPrivateServer(folder)
  const url = new URL(server.url)
  const prefix = `kefu_test_${randomBytes(4).toString('hex')}_`
  url.pathname = `/${prefix}`
  end = async () => {
    await dropDatabases(server.url, prefix)
    await server.stop()
    unlockDataDirectory(folder)
    await rm(folder, { recursive: true })
  }
  project.provide('testFolder', folder)
  project.provide('testDatabaseServer', url.href)
}

export const teardown = (): Promise<void> => end()

async function startPrivateServer(dataDir: string) {
  const server = await startEmbeddedDatabase({ dataDir, bufferPool: 64 * 2 ** 20, log: () => {} })
  return {
    url: `mysql://${administrator}@localhost/${server.database}?socketPath=${encodeURIComponent(server.socketPath)}`,
    stop: () => server.stop(),
  }
}

/** A killed run leaves its folder unlocked, and its server may still run. */
async function removeLeftovers(): Promise<void> {
  for (const name of (await readdir(tmpdir())).filter((name) => name.startsWith(prefixOfFolders))) {
    const dataDir = join(tmpdir(), name)
    // Another run may be removing it, or may have just created it.
    const found = await stat(dataDir).catch(() => null)
    if (found === null || Date.now() - found.mtimeMs < 60_000 || !tryLock(dataDir)) continue
    await terminateOrphan(layoutOf(dataDir), () => {})
    unlockDataDirectory(dataDir)
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const { database: _, ...server } = driverOptions({ url })
  const connection = await createConnection(server)
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name LIKE ?',
    [`${prefix.replaceAll('_', '\\_')}%`],
  )
  for (const { name } of rows) await connection.query('DROP DATABASE ??', [name])
  await connection.end()
}
