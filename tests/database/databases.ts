// Databases for one test each: created on the server of the test run, dropped after the test.

import { readFileSync } from 'node:fs'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { type ConnectOptions, connectDatabase, type DatabaseAddress, driverOptions } from '#db/core/connect.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { splitStatements } from '#db/schema/split-statements.ts'
import { dropDatabase, newDatabaseUrl } from '../support/database.ts'

export interface TestDatabase {
  address: { url: string }
  name: string
  /** A plain connection to the server, without a selected database at first. */
  connection: Connection
}

/** A new name. The database with this name is dropped after the test. */
export async function newDatabaseName(): Promise<TestDatabase> {
  const url = newDatabaseUrl()
  const { database: name = '', ...server } = driverOptions({ url })
  const connection = await createConnection(server)
  onTestFinished(async () => {
    await connection.end()
    await dropDatabase(url)
  })
  return { address: { url }, name, connection }
}

export async function newEmptyDatabase(): Promise<TestDatabase> {
  const made = await newDatabaseName()
  await made.connection.query('CREATE DATABASE ??', [made.name])
  await made.connection.query('USE ??', [made.name])
  return made
}

/** A database with the original tables, after these statements. */
export async function newOriginalDatabase(rows = ''): Promise<TestDatabase> {
  const made = await newEmptyDatabase()
  const original = new URL('../../db/schema/migrations/0001-original-tables.sql', import.meta.url)
  for (const statement of splitStatements(readFileSync(original, 'utf8') + rows)) await made.connection.query(statement)
  return made
}

export async function newPreparedDatabase(): Promise<TestDatabase> {
  const made = await newEmptyDatabase()
  await prepareDatabase(made.address)
  return made
}

/** Kefu's own database access, closed after the test. */
export function openDatabase(address: DatabaseAddress, options?: ConnectOptions) {
  const db = connectDatabase(address, options)
  onTestFinished(() => db.destroy())
  return db
}

export async function select(connection: Connection, sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql, values)
  return rows
}

/** The server's full description of the tables, with comments and collations, in a stable order. */
export async function describeDatabase(connection: Connection) {
  const of = 'WHERE table_schema = DATABASE()'
  const queries = {
    tables: `SELECT table_name AS t, engine, table_collation, table_comment FROM information_schema.tables ${of} ORDER BY t`,
    columns: `SELECT table_name AS t, ordinal_position AS place, column_name AS c, column_type, is_nullable, column_default,
      extra, character_set_name, collation_name, column_comment FROM information_schema.columns ${of} ORDER BY t, place`,
    keys: `SELECT table_name AS t, index_name AS k, seq_in_index AS place, column_name, non_unique, sub_part, index_type
      FROM information_schema.statistics ${of} ORDER BY t, k, place`,
    foreignKeys: `SELECT table_name AS t, constraint_name AS k, ordinal_position AS place, column_name, referenced_table_name,
      referenced_column_name FROM information_schema.key_column_usage ${of} AND referenced_table_name IS NOT NULL ORDER BY t, k, place`,
    foreignKeyRules: `SELECT table_name AS t, constraint_name AS k, update_rule, delete_rule
      FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY t, k`,
    constraints: `SELECT table_name AS t, constraint_name AS k, constraint_type
      FROM information_schema.table_constraints ${of} ORDER BY t, k, constraint_type`,
  }
  const description: Record<string, RowDataPacket[]> = {}
  for (const [what, sql] of Object.entries(queries)) description[what] = await select(connection, sql)
  return description
}
