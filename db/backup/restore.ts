// Restores a dump: creates this release's own tables and inserts the rows as data. The previous tables stay aside until
// the restore is checked and complete.

import { escape as quote } from 'mysql2'
import { type Connection, createConnection, type ResultSetHeader } from 'mysql2/promise'
import { serverLimits } from '#protocol/limits/server.ts'
import { type DatabaseAddress, driverOptions, sessionSettings } from '../core/connect.ts'
import { errnoOf } from '../core/errors.ts'
import { StartError } from '../embedded/start-error.ts'
import { checkServer } from '../schema/check-server.ts'
import { acquireMigrationLock, createTables, migrateToCurrent, useDatabase } from '../schema/migrate.ts'
import { migrationNames } from '../schema/migration-files.ts'
import {
  type ArchivedColumn,
  type Cell,
  type DatabaseEntry,
  listColumns,
  listTables,
  readNextId,
  recordTable,
  select,
  type TableColumn,
} from './backup.ts'
import { dropTablesAside, isAside, listConstraints, moveTablesAside, recoverTablesAside } from './tables-aside.ts'

export interface RestoreOptions {
  /** Replaces existing data; without it a database with rows is rejected. */
  force: boolean
  /** The rows come from an untrusted source, so references are checked, too. */
  isUntrusted: boolean
  log: (line: string) => void
  /** Called when the tables are complete, before the commit. An error undoes the restore. */
  beforeCommit?: () => Promise<void>
}

/** An account that can log in after the restore. */
export interface RestoredAccount {
  username: string
  role: string
}

/** Gap above the backup's session ids, so that a token issued after the backup cannot match a new session. */
const idGap = 1_000_000
const commitBytes = 16 * 1024 * 1024

/** Throws a StartError and leaves the database unchanged if it is in use, not empty, or rejects a row. */
export async function restoreDatabase(
  address: DatabaseAddress,
  entries: AsyncIterable<DatabaseEntry>,
  { force, isUntrusted, log, beforeCommit = async () => {} }: RestoreOptions,
): Promise<RestoredAccount[]> {
  const { database = '', ...server } = driverOptions(address)
  const db = await createConnection({ ...server, connectTimeout: serverLimits.databaseConnectMs })
  db.on('error', () => {})
  try {
    await checkServer(db)
    await db.query(sessionSettings)
    await useDatabase(db, database, log)
    await acquireMigrationLock(db, database, log)
    await recoverTablesAside(db, log)
    await assertNotInUse(db)
    if (!force) await assertEmpty(db)
    try {
      await moveTablesAside(db)
      await db.query(`SET SESSION foreign_key_checks = 0,
        sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')`)
      await insertEntries(db, entries)
      if (isUntrusted) await checkReferences(db)
      await db.query('SET SESSION foreign_key_checks = 1')
      await db.query(sessionSettings)
      await migrateToCurrent(db, database, log)
      const accounts = await revokeSessions(db)
      await beforeCommit()
      await dropTablesAside(db)
      return accounts
    } catch (error) {
      await recoverTablesAside(db).catch(() =>
        log('The previous data will be recovered when Kefu or a restore starts next.'),
      )
      throw toStartError(error)
    }
  } finally {
    db.destroy()
  }
}

/** Shows only the error's code, since its message may quote values from the backup. */
function toStartError(error: unknown): unknown {
  if (!(error instanceof Error && 'sqlState' in error && 'code' in error)) return error
  // Data exceptions (22) and constraint violations (23); any other error is not the backup's fault.
  if (!/^(22|23)/.test(String(error.sqlState)) && ![1265, 1366, 1364].includes(errnoOf(error))) return error
  return new StartError(`The backup has a row that its table does not take (${error.code}).`)
}

async function insertEntries(db: Connection, entries: AsyncIterable<DatabaseEntry>): Promise<void> {
  let isCreated = false
  let insert: Insert | undefined
  const missing = new Set<string>()
  for await (const entry of entries) {
    if (entry.kind === 'database') {
      if (isCreated) throw new StartError('The backup holds more than one database.')
      assertSupportedVersion(entry.migrations)
      await createTables(db, entry.migrations)
      isCreated = true
      for (const table of await listTables(db)) {
        if (table === recordTable || isAside(table)) continue
        // Some migrations insert rows.
        await db.query('DELETE FROM ??', [table])
        missing.add(table)
      }
    } else if (entry.kind === 'table') {
      await insert?.flush()
      if (!missing.delete(entry.name))
        throw new StartError('The backup has a table that its version of Kefu does not have, or has it twice.')
      insert = createInsert(db, entry.name, renderers(entry.columns, await listColumns(db, entry.name)))
      if (entry.nextId !== null) await setNextId(db, entry.name, Number(entry.nextId))
    } else if (entry.kind === 'rows') {
      if (insert === undefined) throw new StartError('The backup has rows without a table.')
      await insert.add(entry.rows)
    } else {
      await insert?.flush()
      insert = undefined
    }
  }
  await insert?.flush()
  if (!isCreated || missing.size > 0) throw new StartError('The backup lacks a table of its version of Kefu.')
}

async function setNextId(db: Connection, table: string, nextId: number): Promise<void> {
  if (!Number.isSafeInteger(nextId) || nextId < 1) throw new StartError('The backup has an invalid next id.')
  await db.query('ALTER TABLE ?? AUTO_INCREMENT = ?', [table, nextId])
}

interface Column {
  name: string
  /** Renders the value as an SQL literal; throws a StartError for a value of another type. */
  render: (cell: Cell) => string
}

/** Matches the archive's columns, in their order, with this schema's. */
function renderers(archived: readonly ArchivedColumn[], columns: readonly TableColumn[]): Column[] {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const found = archived.map(({ name, isBinary }) => {
    const column = byName.get(name)
    byName.delete(name)
    if (column === undefined || column.isBinary !== isBinary)
      throw new StartError('The backup has a column that its version of Kefu does not have, or has it twice.')
    return { name, render: rendererOf(column) }
  })
  if (byName.size > 0) throw new StartError('The backup lacks a column of its version of Kefu.')
  return found
}

const integerTypes = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']
const textTypes = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']

function rendererOf({ name, type, fullType, isBinary }: TableColumn): (cell: Cell) => string {
  const only = (pattern: RegExp, render: (cell: string) => string) => (cell: Cell) => {
    if (cell === null) return 'NULL'
    if (pattern.test(cell)) return render(cell)
    throw new StartError(`The backup has a value of another type in the column ${name}.`)
  }
  if (isBinary) return only(/^(?:[0-9A-Fa-f]{2})*$/, (cell) => `x'${cell}'`)
  if (integerTypes.includes(type)) return only(/^-?\d{1,20}$/, (cell) => cell)
  if (type === 'datetime') return only(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/, (cell) => `'${cell}'`)
  // The database would accept a number as an index into the list.
  if (type === 'enum')
    return only(new RegExp(`^(?:${[...fullType.matchAll(/'(\w+)'/g)].map(([, value]) => value).join('|')})$`), quote)
  if (textTypes.includes(type)) return only(/^/, quote)
  throw new Error(`cannot restore a column of type ${type}`)
}

interface Insert {
  add(rows: readonly Cell[][]): Promise<void>
  flush(): Promise<void>
}

/** Inserts rows in batches; it prepares the next batch while the database executes one. */
function createInsert(db: Connection, table: string, columns: readonly Column[]): Insert {
  const prefix = `INSERT INTO \`${table}\` (${columns.map(({ name }) => `\`${name}\``).join(', ')}) VALUES `
  let rows: string[] = []
  let bytes = 0
  let uncommitted = 0
  let running: Promise<unknown> = Promise.resolve()

  async function send() {
    const count = rows.length
    const statement = prefix + rows.join(',')
    const isBegin = uncommitted === 0
    uncommitted += bytes
    const isEnd = uncommitted >= commitBytes
    if (isEnd) uncommitted = 0
    rows = []
    bytes = 0
    await running
    running = (async () => {
      if (isBegin) await db.query('START TRANSACTION')
      const [{ affectedRows }] = await db.query<ResultSetHeader>(statement)
      if (affectedRows !== count) throw new Error(`inserted ${affectedRows} of ${count} rows into ${table}`)
      if (isEnd) await db.query('COMMIT')
    })()
    // The next await rethrows the error.
    running.catch(() => {})
  }

  return {
    async add(more) {
      for (const row of more) {
        if (row.length !== columns.length) throw new StartError('The backup has a row with another number of columns.')
        let text = '('
        for (let i = 0; i < columns.length; i++) text += (i > 0 ? ',' : '') + columns[i]?.render(row[i] as Cell)
        rows.push(`${text})`)
        bytes += text.length
      }
      if (bytes >= serverLimits.writerBatchBytes / 2) await send()
    },
    async flush() {
      if (rows.length > 0) await send()
      await running
      if (uncommitted > 0) await db.query('COMMIT')
      uncommitted = 0
    },
  }
}

/** Replaces the foreign key checks that were off during the inserts. */
async function checkReferences(db: Connection): Promise<void> {
  for (const { table, columns, referencedTable, referencedColumns } of await listConstraints(db)) {
    if (isAside(table)) continue
    const [column, referenced] = [columns[0], referencedColumns[0]]
    const orphans = await select(
      db,
      'SELECT 1 FROM ?? AS child LEFT JOIN ?? AS parent ON parent.?? = child.?? WHERE child.?? IS NOT NULL AND parent.?? IS NULL LIMIT 1',
      [table, referencedTable, referenced, column, column, referenced],
    )
    if (orphans.length > 0)
      throw new StartError(`The backup has rows of ${table} without their row of ${referencedTable}.`)
  }
}

/**
 * Ends the backup's epoch, and revokes its sessions, since their users may have lost access since. Returns the accounts
 * that can log in.
 */
async function revokeSessions(db: Connection): Promise<RestoredAccount[]> {
  // Clients may hold what is newer than the backup.
  await db.query('DELETE FROM database_epoch')
  await db.query('UPDATE login_sessions SET revoked_at = CURRENT_TIMESTAMP(3) WHERE revoked_at IS NULL')
  for (const table of ['login_sessions', 'customer_sessions'])
    await setNextId(db, table, Number((await readNextId(db, table)) ?? 1) + idGap)
  const rows = await select(
    db,
    "SELECT username, role FROM users WHERE role IN ('admin', 'agent') AND disabled_at IS NULL ORDER BY role DESC, username",
  )
  return rows.map(({ username, role }) => ({ username: String(username), role: String(role) }))
}

function assertSupportedVersion(migrations: readonly string[]): void {
  const names = migrationNames()
  const unknown = migrations.filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new StartError('The backup is from a newer version of Kefu: restore it with that version.')
  if (migrations.length === 0 || migrations.some((name, index) => name !== names[index]))
    throw new StartError('The backup has an unknown schema version.')
}

async function assertNotInUse(db: Connection): Promise<void> {
  if (!(await listTables(db)).includes('nodes')) return
  const [node] = await select(db, 'SELECT label FROM nodes WHERE lease_until > CURRENT_TIMESTAMP(3) LIMIT 1')
  if (node)
    throw new StartError(
      `Kefu is running on this database (${node.label}): stop it first. After a crash, wait ${serverLimits.nodeLeaseMs / 1000} seconds.`,
    )
}

async function assertEmpty(db: Connection): Promise<void> {
  for (const table of await listTables(db)) {
    if (table === recordTable) continue
    const rows = await select(db, 'SELECT 1 FROM ?? LIMIT 1', [table])
    if (rows.length > 0)
      throw new StartError(
        `The database is not empty (${table} has rows). With --force everything in it is replaced by the backup.`,
      )
  }
}
