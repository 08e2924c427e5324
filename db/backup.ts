// The whole database as a stream of plain entries, read in one consistent snapshot, and back. Rows travel as the server's own text
// (binary columns as hex), so that times keep their milliseconds and ids their digits.

import { createConnection } from 'mysql2'
import { createConnection as connect, type Connection as PromiseConnection, type RowDataPacket } from 'mysql2/promise'
import { limits } from '#protocol/limits.ts'
import { type DatabaseAddress, driverOptions, sessionSettings } from './connect.ts'
import { StartError } from './embedded/start-error.ts'
import { migrationNames, useDatabase } from './migrate.ts'

type Cells = (string | null)[]
interface Column {
  name: string
  isBinary: boolean
}

export type DatabaseEntry =
  /** First: which migrations the database had. */
  | { kind: 'database'; migrations: string[] }
  | { kind: 'table'; name: string; definition: string; columns: Column[] }
  /** Of the table before it. */
  | { kind: 'rows'; rows: Cells[] }
  /** Last: how many rows each table had. */
  | { kind: 'counts'; counts: Record<string, number> }

const rowsAtOnce = 200
const bytesAtOnce = limits.writerBatchBytes
const binaryTypes = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit']
/** Written last: a database whose restoring broke off has no record of migrations, and the next start refuses it. */
const recordTable = 'schema_migrations'

/** Works beside running servers, and does not hold them up. */
export async function* dumpDatabase(address: DatabaseAddress): AsyncGenerator<DatabaseEntry> {
  // Every cell as the server's text: no conversion, no loss.
  const connection = createConnection({ ...driverOptions(address), typeCast: (field) => field.string('utf8') })
  connection.on('error', () => {})
  const db = connection.promise()
  const counts: Record<string, number> = {}
  try {
    await db.query(sessionSettings)
    await db.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await db.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    const tables = await listTables(db)
    if (!tables.includes(recordTable))
      throw new StartError('There is nothing to back up: this is not a database of Kefu.')
    const records = await select(db, `SELECT name FROM ${recordTable} ORDER BY name`)
    yield { kind: 'database', migrations: records.map(({ name }) => String(name)) }
    for (const name of [...tables.filter((table) => table !== recordTable), recordTable]) {
      const [shown] = await select(db, 'SHOW CREATE TABLE ??', [name])
      const columns = await listColumns(db, name)
      yield { kind: 'table', name, definition: String(shown?.['Create Table']), columns }
      const cells = columns
        .map((column) => (column.isBinary ? `HEX(\`${column.name}\`)` : `\`${column.name}\``))
        .join(', ')
      const rows = connection
        .query({ sql: `SELECT ${cells} FROM \`${name}\``, rowsAsArray: true })
        .stream({ highWaterMark: rowsAtOnce })
      counts[name] = 0
      for await (const batch of inBatches(rows as AsyncIterable<Cells>)) {
        counts[name] += batch.length
        yield { kind: 'rows', rows: batch }
      }
    }
    yield { kind: 'counts', counts }
  } finally {
    connection.destroy()
  }
}

async function* inBatches(rows: AsyncIterable<Cells>): AsyncGenerator<Cells[]> {
  let batch: Cells[] = []
  let size = 0
  for await (const row of rows) {
    batch.push(row)
    size += row.reduce((sum, cell) => sum + (cell?.length ?? 4) + 4, 0)
    if (batch.length < rowsAtOnce && size < bytesAtOnce) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

export interface RestoreOptions {
  /** Drops what is there; otherwise a database that holds a row is refused. */
  force: boolean
  log: (line: string) => void
}

/** Throws a StartError where the database is in use, not empty, or newer; migrating what was restored is the next start's. */
export async function restoreDatabase(
  address: DatabaseAddress,
  entries: AsyncIterable<DatabaseEntry>,
  { force, log }: RestoreOptions,
): Promise<void> {
  const { database = '', ...server } = driverOptions(address)
  const db = await connect({ ...server, connectTimeout: limits.databaseConnectMs })
  db.on('error', () => {})
  try {
    await db.query(sessionSettings)
    await useDatabase(db, database, log)
    await refuseInUse(db)
    await empty(db, force)
    await db.query("SET SESSION foreign_key_checks = 0, sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
    await fill(db, entries)
  } finally {
    db.destroy()
  }
}

async function fill(db: PromiseConnection, entries: AsyncIterable<DatabaseEntry>): Promise<void> {
  let table = ''
  let columns: Column[] = []
  for await (const entry of entries) {
    if (entry.kind === 'database') refuseNewer(entry.migrations)
    else if (entry.kind === 'table') {
      table = entry.name
      columns = entry.columns
      await db.query(entry.definition)
    } else if (entry.kind === 'rows') {
      const rows = entry.rows.map((row) =>
        row.map((cell, index) => (columns[index]?.isBinary && cell !== null ? Buffer.from(cell, 'hex') : cell)),
      )
      await db.query('INSERT INTO ?? (??) VALUES ?', [table, columns.map((column) => column.name), rows])
    } else await checkCounts(db, entry.counts)
  }
}

async function checkCounts(db: PromiseConnection, counts: Record<string, number>): Promise<void> {
  for (const [table, count] of Object.entries(counts)) {
    const [row] = await select(db, 'SELECT COUNT(*) AS n FROM ??', [table])
    if (Number(row?.n) !== count) throw new Error(`${table} has ${row?.n} rows instead of ${count}`)
  }
}

function refuseNewer(migrations: string[]): void {
  const unknown = migrations.filter((name) => !migrationNames().includes(name))
  if (unknown.length > 0)
    throw new StartError(
      `The backup is of a newer version of Kefu (it has ${unknown.join(', ')}): restore it with that one.`,
    )
}

async function refuseInUse(db: PromiseConnection): Promise<void> {
  if (!(await listTables(db)).includes('nodes')) return
  const [node] = await select(db, 'SELECT label FROM nodes WHERE lease_until > CURRENT_TIMESTAMP(3) LIMIT 1')
  if (node)
    throw new StartError(
      `Kefu is running on this database (${node.label}): stop it first. After a crash, wait ${limits.nodeLeaseMs / 1000} seconds.`,
    )
}

async function empty(db: PromiseConnection, force: boolean): Promise<void> {
  const tables = await listTables(db)
  for (const table of force ? [] : tables) {
    if (table === recordTable) continue
    const rows = await select(db, 'SELECT 1 FROM ?? LIMIT 1', [table])
    if (rows.length > 0)
      throw new StartError(
        `The database is not empty (${table} has rows). With --force everything in it is deleted first.`,
      )
  }
  await db.query('SET SESSION foreign_key_checks = 0')
  for (const table of [...tables].sort((a) => (a === recordTable ? -1 : 1))) await db.query('DROP TABLE ??', [table])
}

async function listTables(db: PromiseConnection): Promise<string[]> {
  const rows = await select(
    db,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
  )
  return rows.map(({ name }) => String(name))
}

async function listColumns(db: PromiseConnection, table: string): Promise<Column[]> {
  const rows = await select(
    db,
    'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position',
    [table],
  )
  return rows.map(({ name, type }) => ({ name: String(name), isBinary: binaryTypes.includes(String(type)) }))
}

async function select(db: PromiseConnection, sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  const [rows] = await db.query<RowDataPacket[]>(sql, values)
  return rows
}
