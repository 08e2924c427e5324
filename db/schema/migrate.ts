// Makes a database ready for this version: schema.sql where it is empty, else the migrations it lacks, one process at a time.
// A change of tables does not roll back, so each statement is recorded after it and what a kill left unrecorded is found done.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { recoverTablesAside } from '../backup/tables-aside.ts'
import { type DatabaseAddress, driverOptions } from '../core/connect.ts'
import { DatabaseUnavailable, errnoOf, isConnectionError } from '../core/errors.ts'
import { StartError } from '../embedded/start-error.ts'
import { checkServer } from './check-server.ts'
import { splitStatements } from './split-statements.ts'

export interface PrepareOptions {
  /** Refuse, instead of warning of, a server that may lose what it has committed. */
  mustFlushAtCommit?: boolean
  /** Told after each statement and after each record; the next waits for it, and what it throws stops the preparation there. */
  onStep?: (step: string) => void | Promise<void>
}

/** The four tables of the first design: a database that has these but no record of migrations comes from there. */
const originalTables = ['agent_status', 'conversations', 'messages', 'users']
/** What a statement answers whose effect is there already: table, column, key, primary key or foreign key is there, or what it drops is not. */
const alreadyDone = new Set([1050, 1060, 1061, 1068, 1091, 1826])

/** Wrong user or password, wrong host. */
const refusals = new Set([1045, 1130, 1698])
const said = (error: unknown) => (error instanceof Error ? error.message : String(error))

const folder = new URL('migrations/', import.meta.url)
const schemaText = () => readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8')
export const migrationNames = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()

/**
 * Creates the database where it may and brings its tables to this version. Any number of processes may call it at once.
 * @param log is told what is done, a sentence each
 * @throws StartError, whose lines say what a person has to mend first; DatabaseUnavailable when the server cannot be reached
 */
export async function prepareDatabase(
  address: DatabaseAddress,
  log: (message: string) => void = () => {},
  options: PrepareOptions = {},
): Promise<void> {
  const { database, ...server } = driverOptions(address)
  if (!database) throw new StartError('The address of the database names no database.')
  try {
    const connection = await createConnection({ ...server, connectTimeout: serverLimits.databaseConnectMs })
    // A connection that dies between two statements says so here; the next statement says it again, where it is caught.
    connection.on('error', () => {})
    try {
      const warnings = await checkServer(connection)
      if (options.mustFlushAtCommit && warnings.length > 0) throw new StartError(warnings.join('\n'))
      warnings.forEach(log)
      await useDatabase(connection, database, log)
      await acquireMigrationLock(connection, database, log)
      await recoverTablesAside(connection, log)
      await migrateToCurrent(connection, database, log, options.onStep ?? (() => {}))
    } finally {
      // Frees the lock too.
      connection.destroy()
    }
  } catch (error) {
    if (refusals.has(errnoOf(error))) throw new StartError(`The database server refuses us: ${said(error)}`)
    if (!isConnectionError(error)) throw error
    throw new DatabaseUnavailable(`the database cannot be reached: ${said(error)}`, { cause: error })
  }
}

export async function useDatabase(connection: Connection, database: string, log: (message: string) => void) {
  try {
    await connection.query('USE ??', [database])
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 1044) throw new StartError(`The user of the database may not use ${database}.`)
    if (errno !== 1049) throw error
    try {
      await connection.query('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', [
        database,
      ])
    } catch (refusal) {
      if (errnoOf(refusal) !== 1044) throw refusal
      throw new StartError(`There is no database ${database}, and the user of the database may not create it.`)
    }
    log(`Created the database ${database}`)
    await connection.query('USE ??', [database])
  }
}

/** The lock belongs to the connection, so a killed process cannot keep it. Its name may have 64 characters. */
export async function acquireMigrationLock(connection: Connection, database: string, log: (message: string) => void) {
  const name = `kefu:${database}`.slice(0, 64)
  const take = async (seconds: number) => {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS taken', [name, seconds])
    return row?.taken === 1
  }
  if (await take(0)) return
  log('Another process is preparing the database; waiting for it')
  if (await take(serverLimits.migrationLockSeconds)) return
  throw new DatabaseUnavailable(
    `another process has been preparing the database for ${serverLimits.migrationLockSeconds} seconds`,
  )
}

/** Makes the tables as these migrations leave them, of which the first so many of this release are named, in a database without any. */
export async function createTables(connection: Connection, migrations: readonly string[]): Promise<void> {
  const schema = splitStatements(schemaText())
  const isCurrent = migrations.length === migrationNames().length
  const texts = migrations.map((name) => readFileSync(new URL(`${name}.sql`, folder), 'utf8'))
  const records = schema.filter((statement) => statement.startsWith('CREATE TABLE schema_migrations'))
  for (const statement of isCurrent ? schema : [...records, ...texts.flatMap(splitStatements)])
    await connection.query(statement)
  await connection.query('INSERT INTO schema_migrations (name) VALUES ?', [migrations.map((name) => [name])])
}

/** Call in one's turn, with the database in use. */
export async function migrateToCurrent(
  connection: Connection,
  database: string,
  log: (message: string) => void,
  onStep: NonNullable<PrepareOptions['onStep']> = () => {},
) {
  const schema = splitStatements(schemaText())
  const names = migrationNames()
  // Stands in the records while schema.sql is applied, so that a half-made new database is not taken for an old one.
  // It changes with schema.sql: a later version does not finish what an earlier one began.
  const applying = `schema.sql ${createHash('sha256').update(schemaText()).digest('hex').slice(0, 16)}`

  const tables = await listTables(connection)
  const records = await listRecords(connection, tables)
  const unknown = records.filter((name) => name !== applying && !names.includes(name))
  if (unknown.length > 0) {
    throw new StartError(
      `The database ${database} was made by another, newer version of Kefu (it has ${unknown.join(', ')}): run that one.`,
    )
  }
  const others = tables.filter((table) => table !== 'schema_migrations')
  const foreign = others.filter((table) => !originalTables.includes(table))
  if (records.length === 0 && foreign.length > 0) {
    throw new StartError(
      `The database ${database} holds tables that are not Kefu's (${foreign.join(', ')}): name another one.`,
    )
  }

  const run = async (statement: string, mayBeDone: boolean) => {
    try {
      await connection.query(statement)
    } catch (error) {
      if (!mayBeDone || !alreadyDone.has(errnoOf(error))) throw error
    }
    await onStep(statement)
  }
  const record = async (name: string) => {
    await connection.query('INSERT INTO schema_migrations (name) VALUES (?)', [name])
    await onStep(name)
  }

  await run(schema.find((statement) => statement.startsWith('CREATE TABLE schema_migrations')) ?? '', true)
  if (records.includes(applying) || (records.length === 0 && others.length === 0)) {
    log('Laying out a new database')
    if (!records.includes(applying)) await record(applying)
    for (const statement of schema) await run(statement, true)
    await connection.query('START TRANSACTION')
    await connection.query('INSERT INTO schema_migrations (name) VALUES ?', [names.map((name) => [name])])
    await connection.query('DELETE FROM schema_migrations WHERE name = ?', [applying])
    await connection.query('COMMIT')
    return
  }
  const missing = names.filter((name) => !records.includes(name))
  for (const [index, name] of missing.entries()) {
    log(`Migrating the database: ${name}`)
    const text = readFileSync(new URL(`${name}.sql`, folder), 'utf8')
    // Only the first can have been reached by a run that was killed before it recorded it.
    for (const statement of splitStatements(text)) await run(statement, index === 0)
    await record(name)
  }
}

async function listTables(connection: Connection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name',
  )
  return rows.map((row) => String(row.name))
}

async function listRecords(connection: Connection, tables: string[]): Promise<string[]> {
  if (!tables.includes('schema_migrations')) return []
  const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM schema_migrations ORDER BY name')
  return rows.map((row) => String(row.name))
}
