// The checks of the start are repeated while Kefu runs: on each new connection and at an interval.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { type Connection, createConnection } from 'mysql2/promise'
import { beforeAll, expect, test } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { serverState } from '#db/core/server-watch.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { administrator } from '#db/embedded/server-options.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { openDatabase, select } from './databases.ts'

let server: EmbeddedDatabase
let admin: Connection

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kefu-watch-'))
  lockDataDirectory(dataDir)
  server = await startEmbeddedDatabase({ dataDir, bufferPool: 32 * 2 ** 20, log: () => {} })
  await prepareDatabase(server)
  admin = await createConnection(driverOptions({ ...server, user: administrator }))
  return async () => {
    admin.destroy()
    await server.stop()
    unlockDataDirectory(dataDir)
    await rm(dataDir, { recursive: true })
  }
})

function watchServer(): { db: Database; lines: string[] } {
  const lines: string[] = []
  const db = openDatabase(server, {
    onServerProblem: ({ severity, line }, isGone) => lines.push(`${isGone ? 'gone' : severity}: ${line}`),
  })
  return { db, lines }
}

const ask = (db: Database) => sql`SELECT 1`.execute(db)

/** Closes the connections of Kefu's user, as a failover does. */
async function cutConnections(): Promise<void> {
  const rows = await select(admin, 'SELECT id FROM information_schema.processlist WHERE user = ?', [server.user])
  for (const { id } of rows) await admin.query(`KILL ${id}`)
}

test.each([
  ['innodb_flush_log_at_trx_commit', 2, 'warning: The database server has innodb_flush_log_at_trx_commit = 2;'],
  ['read_only', 1, 'unavailable: The database server has read_only = ON, so nothing can be written.'],
])(
  '[DB41] [O4] %s = %i is noticed on the next connection, reported once, and reported as gone',
  async (name, value, line) => {
    const { db, lines } = watchServer()
    await ask(db)
    expect(lines).toEqual([])
    const [before] = await select(admin, `SELECT @@GLOBAL.${name} AS value`)
    await admin.query(`SET GLOBAL ${name} = ${value}`)
    try {
      for (let connection = 1; connection <= 3; connection++) {
        await cutConnections()
        await ask(db).catch(() => ask(db))
        await expect.poll(() => lines).toEqual([expect.stringContaining(line)])
      }
      expect(serverState(db)?.value(name)).toBe(name === 'read_only' ? 'ON' : String(value))
    } finally {
      await admin.query(`SET GLOBAL ${name} = ${before?.value}`)
    }
    await cutConnections()
    await ask(db).catch(() => ask(db))
    await expect.poll(() => lines[1]).toBe(lines[0]?.replace(/^\w+/, 'gone'))
  },
)

test('[DB41] [O4] a change without a new connection is noticed within the interval', async () => {
  const { db, lines } = watchServer()
  await ask(db)
  await admin.query('SET GLOBAL innodb_flush_log_at_trx_commit = 0')
  try {
    await expect.poll(() => lines, { timeout: 20_000 }).toEqual([expect.stringMatching(/^warning: .* = 0;/)])
  } finally {
    await admin.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
  }
})
