// Dumps the database as a stream of entries from one consistent snapshot. Values are the server's own text (hex for
// binary columns), so that times keep milliseconds and ids keep all digits. Entries contain no SQL.

import { createConnection } from 'mysql2'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { type DatabaseAddress, driverOptions, sessionSettings } from '../core/connect.ts'
import { StartError } from '../embedded/start-error.ts'
import { definitionsOf, migrationNames } from '../schema/migration-files.ts'

export type Cell = string | null
export interface ArchivedColumn {
  name: string
  isBinary: boolean
}

export type DatabaseEntry =
  /** First: the applied migrations, i.e. the schema version. */
  | { kind: 'database'; migrations: string[] }
  /** `nextId`: the AUTO_INCREMENT value; null without one. */
  | { kind: 'table'; name: string; columns: ArchivedColumn[]; nextId: string | null }
  /** Rows of the preceding table. */
  | { kind: 'rows'; rows: Cell[][] }
  /** Last: the row count of each table. */
  | { kind: 'counts'; counts: Record<string, number> }

const rowsPerBatch = 200
const bytesPerBatch = serverLimits.writerBatchBytes
const binaryTypes = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit']
/** Not dumped as a table: the first entry holds its names. */
export const recordTable = 'schema_migrations'

/**
 * Safe beside running servers; it blocks none of their statements. Tables and columns that are not Kefu's are left out,
 * since a restore takes none of them.
 */
export async function* dumpDatabase(address: DatabaseAddress): AsyncGenerator<DatabaseEntry> {
  // Every value as the server's text, without a lossy conversion.
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
    const migrations = records.map(({ name }) => String(name))
    const isOfThisVersion = migrations.every((name) => migrationNames().includes(name))
    if (!isOfThisVersion)
      throw new StartError('This database was made by another version of Kefu: back up with that one.')
    yield { kind: 'database', migrations }
    const definitions = definitionsOf(migrations)
    for (const name of tables.filter((table) => table !== recordTable && definitions.has(table))) {
      const columns = (await listColumns(db, name))
        .filter((column) => definitions.get(name)?.columns.has(column.name))
        .map(({ name, isBinary }) => ({ name, isBinary }))
      yield { kind: 'table', name, columns, nextId: await readNextId(db, name) }
      const cells = columns
        .map((column) => (column.isBinary ? `HEX(\`${column.name}\`)` : `\`${column.name}\``))
        .join(', ')
      const rows = connection
        .query({ sql: `SELECT ${cells} FROM \`${name}\``, rowsAsArray: true })
        .stream({ highWaterMark: rowsPerBatch })
      counts[name] = 0
      for await (const batch of inBatches(rows as AsyncIterable<Cell[]>)) {
        counts[name] += batch.length
        yield { kind: 'rows', rows: batch }
      }
    }
    yield { kind: 'counts', counts }
  } finally {
    connection.destroy()
  }
}

async function* inBatches(rows: AsyncIterable<Cell[]>): AsyncGenerator<Cell[][]> {
  let batch: Cell[][] = []
  let size = 0
  for await (const row of rows) {
    batch.push(row)
    size += row.reduce((sum, cell) => sum + (cell?.length ?? 4) + 4, 0)
    if (batch.length < rowsPerBatch && size < bytesPerBatch) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

/** The next AUTO_INCREMENT value. SHOW CREATE TABLE is exact; information_schema may be stale. */
export async function readNextId(db: Connection, table: string): Promise<string | null> {
  const [shown] = await select(db, 'SHOW CREATE TABLE ??', [table])
  return nextIdOf(String(shown?.['Create Table']))
}

export const nextIdOf = (definition: string) => /\) ENGINE=\w+ AUTO_INCREMENT=(\d+) /.exec(definition)?.[1] ?? null

export async function listTables(db: Connection): Promise<string[]> {
  const rows = await select(
    db,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
  )
  return rows.map(({ name }) => String(name))
}

export interface TableColumn extends ArchivedColumn {
  /** E.g. `varchar`. */
  type: string
  /** E.g. `varchar(80)`. */
  fullType: string
}

export async function listColumns(db: Connection, table: string): Promise<TableColumn[]> {
  const rows = await select(
    db,
    `SELECT column_name AS name, data_type AS type, column_type AS full_type FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
    [table],
  )
  return rows.map(({ name, type, full_type }) => ({
    name: String(name),
    isBinary: binaryTypes.includes(String(type)),
    type: String(type),
    fullType: String(full_type),
  }))
}

export async function select(db: Connection, sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  const [rows] = await db.query<RowDataPacket[]>(sql, values)
  return rows
}
