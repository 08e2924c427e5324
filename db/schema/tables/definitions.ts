// The tables that our own migrations make, read from their SQL: what a database of each version must look like. Reads
// only the clauses that migrations use, and throws at any other; a test compares the result with the server.

import type { Column, ForeignKey, Key, Table, Tables } from './model.ts'

const word = '[`"]?(\\w+)[`"]?'
const isText = /^(char|varchar|text|tinytext|mediumtext|longtext|enum|set)\b/

/** Applies statements of migrations in order, each to the tables of those before it. */
export function applyStatements(statements: readonly string[], tables: Tables = new Map()): Tables {
  for (const statement of statements) {
    const create = new RegExp(`^CREATE TABLE (?:IF NOT EXISTS )?${word} \\(([\\s\\S]*)\\)([^)]*)$`).exec(statement)
    const alter = new RegExp(`^ALTER TABLE ${word}\\s+([\\s\\S]*)$`).exec(statement)
    if (create) createTable(tables, create[1] as string, create[2] as string, statement)
    else if (alter) alterTable(tables, alter[1] as string, alter[2] as string)
    else if (!/^(INSERT|UPDATE|DELETE)\b/.test(statement)) throw unread(statement)
  }
  return tables
}

const unread = (text: string) => new Error(`db/schema/tables/definitions.ts cannot read: ${text.slice(0, 80)}`)

function createTable(tables: Tables, name: string, body: string, statement: string): void {
  const table: Table = {
    name,
    kind: 'BASE TABLE',
    engine: /ENGINE = (\w+)/.exec(statement)?.[1] ?? '',
    collation: /DEFAULT CHARSET = \w+ COLLATE = (\w+)/.exec(statement)?.[1] ?? '',
    columns: new Map(),
    keys: new Map(),
    foreignKeys: new Map(),
    extras: [],
  }
  tables.set(name, table)
  for (const item of splitItems(body)) addItem(table, item)
}

function alterTable(tables: Tables, name: string, clauses: string): void {
  const table = tables.get(name)
  if (table === undefined) throw unread(`ALTER TABLE ${name}`)
  for (const clause of splitItems(clauses)) {
    const [, action = '', what = '', rest = ''] =
      /^(ADD|DROP|MODIFY)\s+(COLUMN|KEY|FOREIGN KEY|UNIQUE KEY|CONSTRAINT)\s+([\s\S]*)$/.exec(clause) ?? []
    const named = new RegExp(`^${word}`).exec(rest)?.[1] ?? ''
    if (action === 'DROP' && what === 'COLUMN') table.columns.delete(named)
    else if (action === 'DROP' && what === 'KEY') table.keys.delete(named)
    else if (action === 'DROP' && what === 'FOREIGN KEY') table.foreignKeys.delete(named)
    else if (what === 'COLUMN') addItem(table, rest.replace(/\s+(AFTER \w+|FIRST)$/, ''))
    else if (action === 'ADD' && what !== '') addItem(table, `${what} ${rest}`)
    else if (!/^COMMENT = /.test(clause)) throw unread(clause)
  }
}

/** One line of CREATE TABLE: a column, a key or a foreign key. */
function addItem(table: Table, item: string): void {
  const key = new RegExp(`^(PRIMARY |UNIQUE )?KEY (?:${word})?\\s*\\(([^)]*)\\)$`).exec(item)
  const foreign = new RegExp(
    `^CONSTRAINT ${word} FOREIGN KEY \\(([^)]*)\\) REFERENCES ${word} \\(([^)]*)\\)(?: ON DELETE (.+))?$`,
  ).exec(item)
  if (key) {
    const [, kind = '', named, columns = ''] = key
    const name = kind === 'PRIMARY ' ? 'PRIMARY' : (named as string)
    table.keys.set(name, { name, isUnique: kind !== '', columns: listOf(columns) } satisfies Key)
  } else if (foreign) {
    const [, name = '', columns = '', to = '', referenced = '', onDelete = 'NO ACTION'] = foreign
    const found: ForeignKey = { name, columns: listOf(columns), table: to, referenced: listOf(referenced), onDelete }
    table.foreignKeys.set(name, found)
  } else {
    const column = columnOf(item, table.collation)
    table.columns.set(column.name, column)
  }
}

const listOf = (text: string) => text.split(',').map((name) => name.trim())

function columnOf(item: string, tableCollation: string): Column {
  const [, name = '', typeText = '', rest = ''] =
    /^(\w+) (\w+(?:\([^)]*\))?(?: UNSIGNED)?)((?:\s[\s\S]*)?)$/.exec(item) ?? []
  if (name === '') throw unread(item)
  const options = rest.replace(/ COMMENT '(?:[^']|'')*'/, '')
  const parts =
    /^(?: CHARACTER SET \w+ COLLATE (?<collation>\w+))?(?<null> NOT NULL| NULL)?(?: DEFAULT (?<preset>'(?:[^']|'')*'|[\w.()]+))?(?<auto> AUTO_INCREMENT)?$/.exec(
      options,
    )
  if (parts === null) throw unread(item)
  const { collation, null: nullable, preset, auto } = parts.groups ?? {}
  const type = normalType(typeText)
  return {
    name,
    type,
    collation: isText.test(type) ? (collation ?? tableCollation) : null,
    isNullable: nullable !== ' NOT NULL',
    preset: preset === undefined ? null : normalPreset(preset),
    isAutoIncrement: auto !== undefined,
    isGenerated: false,
    hasOnUpdate: false,
  }
}

/** The spelling that MySQL and MariaDB are both brought to: `BIGINT(20) UNSIGNED` is `bigint unsigned`. */
export function normalType(text: string): string {
  const [, head = '', values = '', tail = ''] = /^([^(]*)(\([\s\S]*\))?([^)]*)$/.exec(text.trim()) ?? []
  const base = head.trim().toLowerCase()
  const hasWidth =
    /^(tinyint|smallint|mediumint|int|bigint|year)$/.test(base) && !(base === 'tinyint' && values === '(1)')
  return `${base}${hasWidth ? '' : values.replaceAll(/,\s+/g, ',')}${tail.toLowerCase().replace(' zerofill', '')}`
}

export function normalPreset(text: string): string | null {
  const quoted = /^'([\s\S]*)'$/.exec(text)?.[1]
  if (quoted !== undefined) return quoted.replaceAll("''", "'")
  if (text.toUpperCase() === 'NULL') return null
  return text.toLowerCase().replace(/^(current_timestamp|now|localtimestamp)(\(\))?$/, 'current_timestamp')
}

/** Splits at commas outside of parentheses and quotes. */
function splitItems(text: string): string[] {
  const items = ['']
  let depth = 0
  for (const [piece] of text.matchAll(/'(?:[^']|'')*'|[(),]|[^'(),]+/g)) {
    if (piece === '(') depth += 1
    if (piece === ')') depth -= 1
    if (piece === ',' && depth === 0) items.push('')
    else items.push(items.pop() + piece)
  }
  return items.map((item) => item.trim().replaceAll(/\s+/g, ' ')).filter((item) => item !== '')
}
