// Prepares a database for this version: schema.sql if it is empty, else the missing migrations, one process at a time.
// DDL does not roll back, so a migration is recorded after it ran, and one that a kill left unrecorded is safe to run
// again.

import { createHash } from 'node:crypto'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { recoverTablesAside } from '../backup/tables-aside.ts'
import { type DatabaseAddress, driverOptions } from '../core/connect.ts'
import { DatabaseUnavailable, errnoOf, isConnectionError, isTransactionConflict } from '../core/errors.ts'
import { explainConnectError } from '../core/explain-connect-error.ts'
import { StartError } from '../embedded/start-error.ts'
import { checkServer } from './check-server.ts'
import { createRecordsStatement, definitionsOf, migrationNames, schemaText, statementsOf } from './migration-files.ts'
import { splitStatements } from './split-statements.ts'
import { assertUnchanged } from './tables/assert-unchanged.ts'
import { convertOriginalTables } from './tables/convert.ts'

export interface PrepareOptions {
  /** Reject, instead of only warning about, a server that may lose committed transactions. */
  mustFlushAtCommit?: boolean
  /** Called after each statement and each record. The next step awaits it; an error stops the preparation. */
  onStep?: (step: string) => void | Promise<void>
}

/** The tables of the first release, which recorded no migrations. */
const originalTables = ['agent_status', 'conversations', 'messages', 'users']
/**
 * Errors of a statement that has run before: table, column, key, primary key or foreign key exists, or cannot be
 * dropped.
 */
const alreadyDone = new Set([1050, 1060, 1061, 1068, 1091, 1826])
const unknownColumn = 1054

/**
 * Creates the database if it may, and migrates its tables to this version. Safe to call from several processes
 * concurrently.
 * @param log receives one sentence per step
 * @throws StartError, whose lines say what the operator must fix; DatabaseUnavailable if the server is unreachable
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
    // A connection that dies between two statements emits an error here; the next statement throws it again.
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
      // Also releases the migration lock.
      connection.destroy()
    }
  } catch (error) {
    throw explainConnectError(error, server)
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
    } catch (createError) {
      if (errnoOf(createError) !== 1044) throw createError
      throw new StartError(`There is no database ${database}, and the user of the database may not create it.`)
    }
    log(`Created the database ${database}`)
    await connection.query('USE ??', [database])
  }
}

/**
 * The server releases the lock with the connection, so a killed process cannot keep it. Lock names have at most 64
 * characters.
 */
export async function acquireMigrationLock(connection: Connection, database: string, log: (message: string) => void) {
  const name = `kefu:${database}`.slice(0, 64)
  const tryAcquire = async (seconds: number) => {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS acquired', [name, seconds])
    return row?.acquired === 1
  }
  if (await tryAcquire(0)) return
  log('Another process is preparing the database; waiting for it')
  if (await tryAcquire(serverLimits.migrationLockSeconds)) return
  throw new DatabaseUnavailable(
    `another process has been preparing the database for ${serverLimits.migrationLockSeconds} seconds`,
  )
}

/** Creates the tables in an empty database as of these migrations, which are a prefix of this release's. */
export async function createTables(connection: Connection, migrations: readonly string[]): Promise<void> {
  const schema = splitStatements(schemaText())
  const isCurrent = migrations.length === migrationNames().length
  for (const statement of isCurrent ? schema : [createRecordsStatement(), ...migrations.flatMap(statementsOf)])
    await connection.query(statement)
  await connection.query('INSERT INTO schema_migrations (name) VALUES ?', [migrations.map((name) => [name])])
}

/** Requires the migration lock and a selected database. */
export async function migrateToCurrent(
  connection: Connection,
  database: string,
  log: (message: string) => void,
  onStep: NonNullable<PrepareOptions['onStep']> = () => {},
) {
  const schema = splitStatements(schemaText())
  const names = migrationNames()
  // Recorded while schema.sql is applied, so that an interrupted creation is not mistaken for an old database.
  // It contains a hash, so that another version does not continue with a different schema.sql.
  const applying = `schema.sql ${createHash('sha256').update(schemaText()).digest('hex').slice(0, 16)}`

  const tables = await listTables(connection)
  const records = await listRecords(connection, tables)
  const unknown = records.filter((name) => name !== applying && !names.includes(name))
  if (unknown.length > 0) {
    throw new StartError(
      `The database ${database} was made by another, newer version of Kefu (it has ${unknown.join(', ')}): run that one.`,
    )
  }
  const dataTables = tables.filter((table) => table !== 'schema_migrations')
  const foreign = dataTables.filter((table) => !originalTables.includes(table))
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

  const missing = names.filter((name) => !records.includes(name))
  const latest = definitionsOf(names)
  if (records.length === 0 && dataTables.length > 0) {
    const original = definitionsOf(names.slice(0, 1))
    original.delete('schema_migrations')
    await convertOriginalTables(connection, { original, latest }, log, onStep)
  } else if (records.length > 0 && !records.includes(applying)) {
    const recorded = names.filter((name) => records.includes(name))
    const states = [recorded, [...recorded, ...missing.slice(0, 1)].sort()].map(definitionsOf)
    await assertUnchanged(connection, states, latest, log)
  }

  await run(createRecordsStatement(), true)
  if (records.includes(applying) || (records.length === 0 && dataTables.length === 0)) {
    log('Laying out a new database')
    if (!records.includes(applying)) await record(applying)
    for (const statement of schema) await run(statement, true)
    await connection.query('START TRANSACTION')
    await connection.query('INSERT INTO schema_migrations (name) VALUES ?', [names.map((name) => [name])])
    await connection.query('DELETE FROM schema_migrations WHERE name = ?', [applying])
    await connection.query('COMMIT')
    return
  }
  for (const [index, name] of missing.entries()) {
    log(`Migrating the database: ${name}`)
    // Only the first missing migration can have run before without a record.
    try {
      for (const statement of statementsOf(name)) await run(statement, index === 0)
    } catch (error) {
      throw explainMigrationError(name, error)
    }
    await record(name)
  }
}

/** Names the error by its number alone, since its message may quote a row. */
function explainMigrationError(name: string, error: unknown): unknown {
  if (errnoOf(error) <= 0 || isConnectionError(error) || isTransactionConflict(error)) return error
  const { code } = error as { code?: unknown }
  return new StartError(`The migration ${name} failed (${code}, ${errnoOf(error)}). The next start tries it again.`)
}

async function listTables(connection: Connection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name',
  )
  return rows.map((row) => String(row.name))
}

async function listRecords(connection: Connection, tables: string[]): Promise<string[]> {
  if (!tables.includes('schema_migrations')) return []
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM schema_migrations ORDER BY name')
    return rows.map((row) => String(row.name))
  } catch (error) {
    if (errnoOf(error) !== unknownColumn) throw error
    // Other frameworks have a table of this name, too.
    throw new StartError("The table schema_migrations is not Kefu's: rename or drop it.")
  }
}
