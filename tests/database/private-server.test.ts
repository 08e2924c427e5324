// Tests that need a private database server: they freeze it, kill it, change its settings, or restrict users.

import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import type { Transaction } from '#db/core/database.ts'
import { DatabaseUnavailable, isDuplicateKey } from '#db/core/errors.ts'
import { findProblems, readServerState, stateQueries, type VariableRow } from '#db/core/server-checks.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { childEnvironment } from '#db/embedded/child-environment.ts'
import { lockDataDirectory, unlockDataDirectory } from '#db/embedded/data-directory.ts'
import { freeBytes, watchDisk } from '#db/embedded/disk-watch.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from '#db/embedded/embedded-database.ts'
import { administrator } from '#db/embedded/server-options.ts'
import { StartError } from '#db/embedded/start-error.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { openDatabase, select } from './databases.ts'

let dataDir: string
let server: EmbeddedDatabase
let admin: Connection

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kefu-database-'))
  lockDataDirectory(dataDir)
  server = await startEmbeddedDatabase({ dataDir, bufferPool: 32 * 2 ** 20, log: () => {} })
  await prepareDatabase(server, undefined, { mustFlushAtCommit: true })
  admin = await createConnection(driverOptions({ ...server, user: administrator }))
  // The server dies in these tests, and this connection with it.
  admin.on('error', () => {})
})

afterAll(async () => {
  admin.destroy()
  await server.stop()
  unlockDataDirectory(dataDir)
  await rm(dataDir, { recursive: true })
})

function areAllThreadsStopped(): boolean {
  const tasks = `/proc/${server.pid()}/task`
  return readdirSync(tasks).every((task) => / T /.test(readFileSync(join(tasks, task, 'stat'), 'utf8')))
}

function signal(name: NodeJS.Signals) {
  const pid = server.pid()
  if (pid === undefined) throw new Error('the server does not run')
  process.kill(pid, name)
}

/** Sets a global variable while the work runs. */
async function withGlobal<T>(name: string, value: number, work: () => Promise<T>): Promise<T> {
  const [before] = await select(admin, `SELECT @@GLOBAL.${name} AS value`)
  await admin.query(`SET GLOBAL ${name} = ${value}`)
  try {
    return await work()
  } finally {
    await admin.query(`SET GLOBAL ${name} = ${before?.value}`)
  }
}

describe('a server with unsuitable settings', () => {
  test('[DB30] is refused with a line that says why', async () => {
    const refused = withGlobal('max_allowed_packet', 1024 * 1024, () => prepareDatabase(server))
    await expect(refused).rejects.toThrow(
      'The database server has max_allowed_packet = 1048576; it must be 4194304 or more',
    )
    await expect(refused).rejects.toBeInstanceOf(StartError)
  })

  test('[DB30] is refused with a line for each problem', async () => {
    const rows = (await Promise.all(stateQueries.map((query) => select(admin, query)))).flat() as VariableRow[]
    const linesWith = (values: Record<string, string>) => {
      const changed = Object.entries(values).map(([name, Value]) => ({ Variable_name: name, Value }))
      return findProblems(readServerState([...rows, ...changed])).map(({ line }) => line)
    }
    const ours = { sql_mode: 'STRICT_TRANS_TABLES', tx_isolation: 'READ-COMMITTED' }
    expect(linesWith(ours)).toEqual([])
    expect(linesWith({ ...ours, max_allowed_packet: '2097152', character_set_connection: 'latin1' })).toHaveLength(2)
  })

  test('[DB31] causes a warning when it does not flush at commit, and is refused when it is our own', async () => {
    await withGlobal('innodb_flush_log_at_trx_commit', 2, async () => {
      const log: string[] = []
      await prepareDatabase(server, (message) => log.push(message))
      expect(log).toEqual([expect.stringContaining('innodb_flush_log_at_trx_commit = 2')])
      await expect(prepareDatabase(server, undefined, { mustFlushAtCommit: true })).rejects.toBeInstanceOf(StartError)
    })
  })
})

describe("Kefu's own user", () => {
  test('[OB25] [S17] has its own database, but no access to files, triggers, users or other databases', async () => {
    const own = await createConnection(driverOptions(server))
    const refused = [
      "SELECT 'x' INTO OUTFILE '/tmp/kefu-outfile'",
      "SELECT LOAD_FILE('/etc/passwd') IS NOT NULL FROM mysql.user",
      "LOAD DATA INFILE '/etc/passwd' INTO TABLE sites",
      "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE sites",
      "CREATE USER 'x'@'localhost'",
      "GRANT ALL ON kefu.* TO 'x'@'localhost'",
      'CREATE TRIGGER t AFTER INSERT ON messages FOR EACH ROW SET @x = 1',
      'CREATE PROCEDURE p() SELECT 1',
      'CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1',
      'CREATE FUNCTION f RETURNS STRING SONAME "x.so"',
      'SET GLOBAL max_connections = 1',
      'CREATE DATABASE other',
      'SELECT * FROM mysql.global_priv',
      'SHUTDOWN',
    ]
    for (const statement of refused) await expect(own.query(statement), statement).rejects.toThrow()
    const [[file]] = await own.query<RowDataPacket[]>("SELECT LOAD_FILE('/etc/hostname') AS content")
    expect(file?.content).toBeNull()
    await own.end()
    const asAdministrator = admin.query("SELECT 'x' INTO OUTFILE '/tmp/kefu-outfile'")
    await expect(asAdministrator).rejects.toThrow('secure-file-priv')
  })

  test('[OB26] [S27] is served by a process without Kefu’s settings and secrets', async () => {
    const environment = readFileSync(`/proc/${server.pid()}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(environment.map((entry) => entry.split('=')[0]).sort()).toEqual(Object.keys(childEnvironment()).sort())
  })

  test('[OB27] [S20] gets one warning when the disk fills up, and one message when it has room again', async () => {
    const lines: string[] = []
    const low = watchDisk(dataDir, (line) => lines.push(line), Number.POSITIVE_INFINITY)
    await expect.poll(() => lines).toEqual([expect.stringMatching(/^The disk of .* is nearly full: \d+ MB left\./)])
    low.stop()
    const fine = watchDisk(dataDir, (line) => lines.push(line), 0)
    await expect(freeBytes(dataDir)).resolves.toBeGreaterThan(0)
    fine.stop()
    expect(lines).toHaveLength(1)
  })
})

describe('a user with restricted privileges', () => {
  const url = (user: string, password: string, database: string) =>
    `mysql://${user}:${password}@localhost/${database}?socketPath=${encodeURIComponent(server.socketPath)}`

  test('[DB32] is refused with one line about the missing privilege, and can prepare a database created for it', async () => {
    await admin.query("CREATE USER 'shop'@'localhost' IDENTIFIED BY 'p@ss:/?'")
    const password = encodeURIComponent('p@ss:/?')
    const there = { url: url('shop', password, 'shop_kefu') }
    await expect(prepareDatabase(there)).rejects.toThrow('may not use shop_kefu')
    await admin.query("GRANT ALL ON `shop\\_kefu`.* TO 'shop'@'localhost'")
    const log: string[] = []
    await prepareDatabase(there, (message) => log.push(message))
    expect(log).toContain('Created the database shop_kefu')
    await expect(prepareDatabase({ url: url('shop', 'wrong', 'shop_kefu') })).rejects.toBeInstanceOf(StartError)
    await expect(prepareDatabase({ url: url('shop', password, 'other') })).rejects.toThrow(/may not/)
    await expect(prepareDatabase({ url: url('shop', password, '') })).rejects.toThrow('names no database')
  })

  test('[DB32] a missing server is reported as unavailable', async () => {
    const nowhere = { ...server, socketPath: join(dataDir, 'no-such.sock') }
    await expect(prepareDatabase(nowhere)).rejects.toBeInstanceOf(DatabaseUnavailable)
  })
})

describe('a server that stops responding', () => {
  test('[DB33] makes every request fail with DatabaseUnavailable in time, and everything works when it responds again', async () => {
    const db = openDatabase(server)
    const ask = async () => (await sql<{ n: number }>`select 1 as n`.execute(db)).rows[0]?.n
    await Promise.all(Array.from({ length: 20 }, ask))
    signal('SIGSTOP')
    // Its threads stop one by one; until the last has stopped, a statement may still get a reply.
    await expect.poll(areAllThreadsStopped).toBe(true)
    try {
      const began = performance.now()
      // More requests than connections: those without a connection may not wait forever either.
      const results = await Promise.allSettled(Array.from({ length: 3 * serverLimits.databaseConnections }, ask))
      const took = performance.now() - began
      for (const result of results) {
        expect(result).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) })
      }
      expect(took).toBeLessThan(serverLimits.databaseQueryMs + serverLimits.databaseAcquireMs + 500)
      await expect(inTransaction(db, ask)).rejects.toBeInstanceOf(DatabaseUnavailable)
    } finally {
      signal('SIGCONT')
    }
    const began = performance.now()
    await expect.poll(() => ask().catch(() => 'not yet'), { timeout: 5_000, interval: 50 }).toBe(1)
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(await Promise.all(Array.from({ length: 3 * serverLimits.databaseConnections }, ask))).toEqual(
      Array.from({ length: 3 * serverLimits.databaseConnections }, () => 1),
    )
  })

  test('[DB34] killed during transactions, it keeps every confirmed write, and the pool reconnects by itself', async () => {
    const db = openDatabase(server)
    const done: string[] = []
    let isOver = false
    const writer = async (name: string) => {
      for (let n = 0; !isOver; n++) {
        const username = `${name}-${n}`
        const insert = (trx: Transaction) => trx.insertInto('users').values({ role: 'agent', username }).execute()
        await inTransaction(db, insert).then(
          () => done.push(username),
          (error) => {
            // A commit without a reply is retried and finds its own row.
            if (isDuplicateKey(error)) done.push(username)
            else if (!(error instanceof DatabaseUnavailable)) throw error
          },
        )
      }
    }
    const writers = Promise.all(['a', 'b', 'c'].map(writer))
    await expect.poll(() => done.length, { timeout: 5_000, interval: 5 }).toBeGreaterThan(20)
    signal('SIGKILL')
    const atKill = done.length
    await expect.poll(() => done.length, { timeout: 15_000, interval: 20 }).toBeGreaterThan(atKill + 20)
    isOver = true
    await writers
    const stored = await db.selectFrom('users').select('username').where('role', '=', 'agent').execute()
    const names = stored.map((row) => row.username)
    expect(done.filter((name) => !names.includes(name))).toEqual([])
  })
})
