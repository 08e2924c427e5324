// The tables as read from our migrations equal the tables that the server has, so that a foreign database is compared
// with the truth.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { splitStatements } from '#db/schema/split-statements.ts'
import { applyStatements } from '#db/schema/tables/definitions.ts'
import { readTables } from '#db/schema/tables/read-tables.ts'
import { newEmptyDatabase, newOriginalDatabase, newPreparedDatabase } from './databases.ts'

const folder = new URL('../../db/schema/migrations/', import.meta.url)
const statementsOf = (file: string) => splitStatements(readFileSync(new URL(file, folder), 'utf8'))
const migrations = readdirSync(folder).sort()

test('[DB42] [F2] the definitions equal a database after each migration', async () => {
  const { connection } = await newEmptyDatabase()
  const tables = new Map()
  for (const file of migrations) {
    for (const statement of statementsOf(file)) await connection.query(statement)
    applyStatements(statementsOf(file), tables)
    expect(await readTables(connection), file).toEqual(tables)
  }
})

test('[DB42] [F2] the definitions equal schema.sql', async () => {
  const { connection } = await newPreparedDatabase()
  const schema = splitStatements(readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8'))
  expect(applyStatements(schema)).toEqual(applyStatements(migrations.flatMap(statementsOf).concat(schema.slice(-1))))
  expect(await readTables(connection)).toEqual(applyStatements(schema))
})

test('[DB42] [F2] the original tables have what no server leaves out', async () => {
  const { connection } = await newOriginalDatabase()
  const users = (await readTables(connection)).get('users')
  expect(users?.columns.get('id')).toEqual({
    name: 'id',
    type: 'bigint unsigned',
    collation: null,
    isNullable: false,
    preset: null,
    isAutoIncrement: true,
    isGenerated: false,
    hasOnUpdate: false,
  })
  expect(users?.columns.get('role')?.type).toBe("enum('customer','agent','admin')")
  expect(users?.columns.get('created_at')?.preset).toBe('current_timestamp(3)')
  expect(users?.keys.get('users_username')).toEqual({ name: 'users_username', isUnique: true, columns: ['username'] })
})
