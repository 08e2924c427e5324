// Each error of a server that fails over is retried, ends a useless connection, and never becomes `internal`. SIGNAL
// makes a real server raise each of them.

import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { databaseErrorCode } from '#db/core/errors.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await createTestDatabase()
  db = connectDatabase(database.address, { connections: 1 })
  return async () => {
    await db.destroy()
    await database.drop()
  }
})

const raise = (on: Database, errno: number, message = 'raised by the test') =>
  sql`SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = ${sql.lit(errno)}, MESSAGE_TEXT = ${sql.lit(message)}`.execute(on)

async function connectionId(on: Database): Promise<number> {
  const { rows } = await sql<{ id: number }>`SELECT CONNECTION_ID() AS id`.execute(on)
  return rows[0]?.id ?? 0
}

/** The connections of the transaction's attempts, of which the first fails. */
async function connectionsOfAttempts(errno: number, message?: string): Promise<number[]> {
  const attempts: number[] = []
  await inTransaction(db, async (trx) => {
    attempts.push(await connectionId(trx))
    if (attempts.length === 1) await raise(trx, errno, message)
  })
  return attempts
}

describe.each([
  [1020, 'a snapshot conflict'],
  [1205, 'a lock wait timeout'],
  [1213, 'a deadlock'],
  [1412, 'a changed table'],
  [3101, 'a rollback by group replication'],
])('[DB40] [O5] error %i, %s,', (errno) => {
  test('runs the transaction again on the same connection', async () => {
    const [first, second, ...more] = await connectionsOfAttempts(errno)
    expect([second, more]).toEqual([first, []])
  })

  test('is unavailable outside of a transaction', async () => {
    expect(databaseErrorCode(await raise(db, errno).catch((error) => error))).toBe('unavailable')
  })
})

describe.each([
  [1040, 'too many connections'],
  [1047, 'a Galera node without a majority'],
  [1053, 'a server that shuts down'],
  [1180, 'a failed commit'],
  [1203, 'too many connections of the user'],
  [1290, 'a read-only server'],
  [1317, 'an interrupted statement'],
  [1792, 'a read-only transaction'],
  [1836, 'read-only mode'],
  [1927, 'a killed connection'],
  [2006, 'a proxy that lost the server'],
  [2013, 'a proxy that lost the server meanwhile'],
  [3032, 'offline mode'],
  [3100, 'group replication without a majority'],
  [3169, 'a killed session'],
  [4031, 'a connection closed for inactivity'],
  [9001, 'a proxy without a server'],
])('[DB40] [O5] error %i, %s,', (errno) => {
  test('runs the transaction again on another connection', async () => {
    const [first, second, ...more] = await connectionsOfAttempts(errno)
    expect(second).not.toBe(first)
    expect(more).toEqual([])
  })

  test('is unavailable outside of a transaction', async () => {
    expect(databaseErrorCode(await raise(db, errno).catch((error) => error))).toBe('unavailable')
  })
})

test('[DB40] [O5] a commit that fails for lack of disk is unavailable and keeps its connection', async () => {
  const before = await connectionId(db)
  const error = await raise(db, 1180, 'Got error 28 "No space left on device" during COMMIT').catch((thrown) => thrown)
  expect(databaseErrorCode(error)).toBe('unavailable')
  expect(await connectionId(db)).toBe(before)
})

test('[DB40] [O5] an error of our own stays a bug: a table that does not exist is not retried', async () => {
  let attempts = 0
  const work = inTransaction(db, async (trx) => {
    attempts++
    await sql`SELECT * FROM no_such_table`.execute(trx)
  })
  expect(databaseErrorCode(await work.catch((error) => error))).toBeNull()
  expect(attempts).toBe(1)
})
