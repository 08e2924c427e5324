// A table as both sides describe it: our migrations (definitions.ts) and the server (read-tables.ts). Comments and the
// order of columns are no part of it, since no statement of Kefu depends on them.

export interface Column {
  name: string
  /** As the server writes it, without the display width of integers: `bigint unsigned`, `enum('a','b')`. */
  type: string
  /** Null for a type without text. */
  collation: string | null
  isNullable: boolean
  /** A literal without quotes, or an expression such as `current_timestamp(3)`; null without a default. */
  preset: string | null
  isAutoIncrement: boolean
  /** Computed by the server, or updated by it. */
  isGenerated: boolean
  hasOnUpdate: boolean
}

export interface Key {
  name: string
  isUnique: boolean
  /** With a length or direction where the key has one: `content(10)`, `id DESC`. */
  columns: readonly string[]
}

export interface ForeignKey {
  name: string
  columns: readonly string[]
  table: string
  referenced: readonly string[]
  onDelete: string
}

export interface Table {
  name: string
  /** `BASE TABLE` for a table that stores rows of its own. */
  kind: string
  engine: string
  collation: string
  columns: Map<string, Column>
  /** By name; the primary key is `PRIMARY`. */
  keys: Map<string, Key>
  foreignKeys: Map<string, ForeignKey>
  /** What runs or refuses on a write besides the keys: names of triggers, checks and partitions. */
  extras: readonly string[]
}

export type Tables = Map<string, Table>

export const sameColumns = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join()

export const isSameKey = (a: Key | undefined, b: Key): boolean =>
  a !== undefined && a.isUnique === b.isUnique && sameColumns(a.columns, b.columns)

export const isSameForeignKey = (a: ForeignKey | undefined, b: ForeignKey): boolean =>
  a !== undefined &&
  a.table === b.table &&
  a.onDelete === b.onDelete &&
  sameColumns(a.columns, b.columns) &&
  sameColumns(a.referenced, b.referenced)
