// A restore keeps the tables that were there under other names until the restored ones are complete, so that a failure or a kill at any
// point leads back to them. Two empty tables mark how far it got; whoever prepares the database next settles what is left.

import type { Connection } from 'mysql2/promise'
import { listTables, select } from './backup.ts'

const prefix = 'before_restore_'
/** There while tables without the prefix are the restored ones. */
const filling = `${prefix}filling`
/** There once the restored tables are complete: creating it is the restore's commit. */
const complete = `${prefix}complete`

export const isAside = (name: string) => name.startsWith(prefix)
const without = (name: string) => name.slice(prefix.length)

/** Leaves the database without tables. The constraints are renamed too: their names are unique in a database. */
export async function moveTablesAside(db: Connection): Promise<void> {
  const tables = await listTables(db)
  await renameConstraints(db, (name) => (isAside(name) ? null : prefix + name))
  await renameTables(
    db,
    tables.map((table) => [table, prefix + table]),
  )
  await db.query(`CREATE TABLE ${filling} (id INT PRIMARY KEY)`)
}

/** From here on the restored tables are the database. */
export async function dropTablesAside(db: Connection): Promise<void> {
  await db.query(`CREATE TABLE ${complete} (id INT PRIMARY KEY)`)
  await recoverTablesAside(db)
}

/** Finishes a complete restore and undoes any other; the database is as it was before or as it was restored. */
export async function recoverTablesAside(db: Connection, log: (line: string) => void = () => {}): Promise<void> {
  const tables = await listTables(db)
  const constraints = await listConstraints(db)
  if (!tables.some(isAside) && !constraints.some(({ name }) => isAside(name))) return
  await db.query('SET SESSION foreign_key_checks = 0')
  if (tables.includes(complete)) {
    await dropTables(
      db,
      tables.filter((table) => isAside(table) && table !== complete),
    )
    await dropTables(db, [complete])
  } else {
    log('Undoing a restore that was not completed')
    if (tables.includes(filling)) {
      await dropTables(
        db,
        tables.filter((table) => !isAside(table)),
      )
      await dropTables(db, [filling])
    }
    const aside = tables.filter((table) => isAside(table) && table !== filling)
    await renameTables(
      db,
      aside.map((table) => [table, without(table)]),
    )
  }
  await renameConstraints(db, (name) => (isAside(name) ? without(name) : null))
  await db.query('SET SESSION foreign_key_checks = 1')
}

async function dropTables(db: Connection, tables: string[]): Promise<void> {
  if (tables.length > 0) await db.query(`DROP TABLE ${tables.map(() => '??').join(', ')}`, tables)
}

async function renameTables(db: Connection, names: [from: string, to: string][]): Promise<void> {
  if (names.length > 0) await db.query(`RENAME TABLE ${names.map(() => '?? TO ??').join(', ')}`, names.flat())
}

interface Constraint {
  table: string
  name: string
  columns: string[]
  referencedTable: string
  referencedColumns: string[]
  deleteRule: string
}

async function renameConstraints(db: Connection, newName: (name: string) => string | null): Promise<void> {
  await db.query('SET SESSION foreign_key_checks = 0')
  for (const { table, name, columns, referencedTable, referencedColumns, deleteRule } of await listConstraints(db)) {
    const to = newName(name)
    if (to === null) continue
    // No keyword of a rule comes from a name.
    const rule = deleteRule === 'CASCADE' ? ' ON DELETE CASCADE' : ''
    await db.query(
      `ALTER TABLE ?? DROP FOREIGN KEY ??, ADD CONSTRAINT ?? FOREIGN KEY (??) REFERENCES ?? (??)${rule}, ALGORITHM = INPLACE`,
      [table, name, to, columns, referencedTable, referencedColumns],
    )
  }
}

export async function listConstraints(db: Connection): Promise<Constraint[]> {
  const rows = await select(
    db,
    `SELECT used.table_name AS t, used.constraint_name AS name, used.column_name AS c, used.referenced_table_name AS to_t,
      used.referenced_column_name AS to_c, rules.delete_rule AS delete_rule
      FROM information_schema.key_column_usage AS used
      JOIN information_schema.referential_constraints AS rules
        ON rules.constraint_schema = used.table_schema AND rules.table_name = used.table_name
        AND rules.constraint_name = used.constraint_name
      WHERE used.table_schema = DATABASE() AND used.referenced_table_name IS NOT NULL
      ORDER BY used.table_name, used.constraint_name, used.ordinal_position`,
  )
  const found = new Map<string, Constraint>()
  for (const { t, name, c, to_t, to_c, delete_rule } of rows) {
    const constraint = found.get(`${t} ${name}`) ?? {
      table: String(t),
      name: String(name),
      columns: [],
      referencedTable: String(to_t),
      referencedColumns: [],
      deleteRule: String(delete_rule),
    }
    constraint.columns.push(String(c))
    constraint.referencedColumns.push(String(to_c))
    found.set(`${t} ${name}`, constraint)
  }
  return [...found.values()]
}
