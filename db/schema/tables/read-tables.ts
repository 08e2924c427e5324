// Reads the tables of the selected database from information_schema, in the form that MySQL and MariaDB share.

import type { Connection, RowDataPacket } from 'mysql2/promise'
import { normalPreset, normalType } from './definitions.ts'
import type { Column, Table, Tables } from './model.ts'

export async function readTables(connection: Connection): Promise<Tables> {
  const select = async (sql: string): Promise<Record<string, string | null>[]> => {
    const [rows] = await connection.query<RowDataPacket[]>(sql)
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])),
    )
  }
  const tables: Tables = new Map()
  const rows =
    await select(`SELECT table_name AS name, table_type AS kind, engine AS engine, table_collation AS collation
    FROM information_schema.tables WHERE table_schema = DATABASE()`)
  for (const { name, kind, engine, collation } of rows) {
    tables.set(name ?? '', {
      name: name ?? '',
      kind: kind ?? '',
      engine: engine ?? '',
      collation: collation ?? '',
      columns: new Map(),
      keys: new Map(),
      foreignKeys: new Map(),
      extras: [],
    })
  }
  const tableOf = (row: Record<string, string | null>): Table | undefined => tables.get(row.t ?? '')

  const columns =
    await select(`SELECT table_name AS t, column_name AS name, column_type AS type, collation_name AS collation,
    is_nullable AS nullable, column_default AS preset, extra AS extra FROM information_schema.columns
    WHERE table_schema = DATABASE() ORDER BY ordinal_position`)
  for (const row of columns) tableOf(row)?.columns.set(row.name ?? '', columnOf(row))

  const keys = await select(`SELECT table_name AS t, index_name AS name, non_unique AS repeats, column_name AS c,
    sub_part AS part, collation AS direction FROM information_schema.statistics WHERE table_schema = DATABASE()
    ORDER BY table_name, index_name, seq_in_index`)
  for (const row of keys) {
    const name = row.name ?? ''
    const part = `${row.c ?? '(expression)'}${row.part === null ? '' : `(${row.part})`}${row.direction === 'D' ? ' DESC' : ''}`
    const before = tableOf(row)?.keys.get(name)?.columns ?? []
    tableOf(row)?.keys.set(name, { name, isUnique: row.repeats === '0', columns: [...before, part] })
  }

  const foreignKeys =
    await select(`SELECT usages.table_name AS t, usages.constraint_name AS name, usages.column_name AS c,
      usages.referenced_table_name AS parent, usages.referenced_column_name AS referenced, rules.delete_rule AS on_delete
    FROM information_schema.key_column_usage AS usages
    JOIN information_schema.referential_constraints AS rules ON rules.constraint_schema = usages.constraint_schema
      AND rules.constraint_name = usages.constraint_name AND rules.table_name = usages.table_name
    WHERE usages.table_schema = DATABASE() AND usages.referenced_table_name IS NOT NULL
    ORDER BY usages.table_name, usages.constraint_name, usages.ordinal_position`)
  for (const row of foreignKeys) {
    const name = row.name ?? ''
    const before = tableOf(row)?.foreignKeys.get(name)
    tableOf(row)?.foreignKeys.set(name, {
      name,
      columns: [...(before?.columns ?? []), row.c ?? ''],
      table: row.parent ?? '',
      referenced: [...(before?.referenced ?? []), row.referenced ?? ''],
      // The same to InnoDB.
      onDelete: row.on_delete === 'RESTRICT' ? 'NO ACTION' : (row.on_delete ?? ''),
    })
  }

  const extras = await select(`SELECT event_object_table AS t, CONCAT('the trigger ', trigger_name) AS extra
      FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL SELECT table_name, CONCAT('the check ', constraint_name) FROM information_schema.table_constraints
      WHERE table_schema = DATABASE() AND constraint_type = 'CHECK'
    UNION SELECT table_name, 'partitions' FROM information_schema.partitions
      WHERE table_schema = DATABASE() AND partition_name IS NOT NULL`)
  for (const row of extras) {
    const table = tableOf(row)
    if (table) table.extras = [...table.extras, row.extra ?? '']
  }
  return tables
}

function columnOf(row: Record<string, string | null>): Column {
  const extra = (row.extra ?? '').toLowerCase()
  return {
    name: row.name ?? '',
    type: normalType(row.type ?? ''),
    collation: row.collation ?? null,
    isNullable: row.nullable === 'YES',
    preset: row.preset === null || row.preset === undefined ? null : normalPreset(row.preset),
    isAutoIncrement: extra.includes('auto_increment'),
    isGenerated: /\b(virtual|stored|persistent) generated|\bgenerated always/.test(extra),
    hasOnUpdate: extra.includes('on update'),
  }
}
