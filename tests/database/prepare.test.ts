// Preparing a database that is empty, old, shared, or not ours.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { splitStatements } from '#db/schema/split-statements.ts'
import {
  describeDatabase,
  newDatabaseName,
  newEmptyDatabase,
  newOriginalDatabase,
  newPreparedDatabase,
  select,
} from './databases.ts'
import { originalRows } from './original-rows.ts'

const folder = new URL('../../db/schema/migrations/', import.meta.url)
const migrations = readdirSync(folder).sort()
const read = (file: string) => splitStatements(readFileSync(new URL(file, folder), 'utf8'))

describe('migrations', () => {
  test('[DB1] are numbered without a gap and have one statement each, except for the original tables', () => {
    expect(migrations.map((file) => file.slice(0, 5))).toEqual(
      migrations.map((_, index) => `${String(index + 1).padStart(4, '0')}-`),
    )
    const [original, ...later] = migrations
    for (const statement of read(original ?? '')) expect(statement).toMatch(/^CREATE TABLE IF NOT EXISTS /)
    for (const file of later) expect(read(file), file).toHaveLength(1)
  })

  test.each([
    ['nothing in it', ''],
    ['rows in it', originalRows],
  ])('[DB2] turn the original tables with %s into the schema of a new database', async (_, rows) => {
    const old = await newOriginalDatabase(rows)
    await prepareDatabase(old.address)
    const fresh = await newPreparedDatabase()
    const expected = await describeDatabase(fresh.connection)
    expect(expected.tables?.length).toBeGreaterThan(9)
    expect(await describeDatabase(old.connection)).toEqual(expected)
    const recorded = 'SELECT name FROM schema_migrations ORDER BY name'
    expect(await select(old.connection, recorded)).toEqual(await select(fresh.connection, recorded))
    expect(await select(fresh.connection, recorded)).toEqual(migrations.map((file) => ({ name: file.slice(0, -4) })))
  })
})

describe('prepareDatabase', () => {
  test('[DB3] creates a missing database, and finds it ready the next time', async () => {
    const { address, name, connection } = await newDatabaseName()
    const log: string[] = []
    await prepareDatabase(address, (message) => log.push(message))
    expect(log).toEqual([`Created the database ${name}`, 'Laying out a new database'])
    const [schema] = await select(
      connection,
      'SELECT default_collation_name AS c FROM information_schema.schemata WHERE schema_name = ?',
      [name],
    )
    expect(schema?.c).toBe('utf8mb4_unicode_ci')

    await connection.query('USE ??', [name])
    await connection.query("INSERT INTO sites (site_key, name, origins) VALUES ('kept', 'kept', '')")
    log.length = 0
    await prepareDatabase(address, (message) => log.push(message))
    expect(log).toEqual([])
    expect(await select(connection, 'SELECT name FROM sites')).toEqual([{ name: 'kept' }])
  })

  test('[DB4] refuses a database of a newer version, and does not change it', async () => {
    const { address, connection, name } = await newPreparedDatabase()
    await connection.query("INSERT INTO schema_migrations (name) VALUES ('9999-from-the-future')")
    const before = await describeDatabase(connection)
    await expect(prepareDatabase(address)).rejects.toThrow(
      `The database ${name} was made by another, newer version of Kefu (it has 9999-from-the-future): run that one.`,
    )
    expect(await describeDatabase(connection)).toEqual(before)
  })

  test('[DB5] refuses a database with foreign tables, and does not change it', async () => {
    const { address, connection } = await newEmptyDatabase()
    await connection.query('CREATE TABLE users (id INT)')
    await connection.query('CREATE TABLE wp_posts (id INT)')
    const before = await describeDatabase(connection)
    await expect(prepareDatabase(address)).rejects.toThrow("holds tables that are not Kefu's (wp_posts)")
    expect(await describeDatabase(connection)).toEqual(before)
  })

  test.each([
    ['new', newEmptyDatabase],
    ['old', () => newOriginalDatabase(originalRows)],
  ])(
    '[DB6] called four times concurrently on a database that is %s, works once while the others wait',
    async (_, make) => {
      const { address, connection } = await make()
      const logs = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const log: string[] = []
          await prepareDatabase(address, (message) => log.push(message))
          return log
        }),
      )
      const waiting = 'Another process is preparing the database; waiting for it'
      const [worked, ...waited] = logs.sort((a, b) => Number(a[0] === waiting) - Number(b[0] === waiting))
      expect(worked).not.toEqual([])
      // A late caller may have found the lock free and the work done.
      for (const log of waited) expect([[], [waiting]]).toContainEqual(log)
      expect(logs.flat()).toContain(waiting)
      expect(await select(connection, 'SELECT COUNT(*) AS n FROM schema_migrations')).toEqual([
        { n: migrations.length },
      ])
    },
  )
})
