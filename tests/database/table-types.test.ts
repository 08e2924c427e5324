// db/core/database.ts is written by hand. This test parses its interfaces and compares them with the server's tables.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { newPreparedDatabase, select } from './databases.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

interface Column {
  name: string
  /** The type of a column: number, string, boolean, time, bytes, or an enum's values in sorted order. */
  type: string
  nullable: boolean
  /** May be omitted from an insert. */
  optional: boolean
}

/** Names of db/core/database.ts for times and booleans. */
const named: Record<string, Omit<Column, 'name'>> = {
  Time: { type: 'time', nullable: false, optional: false },
  NullableTime: { type: 'time', nullable: true, optional: true },
  GeneratedTime: { type: 'time', nullable: false, optional: true },
  Flag: { type: 'boolean', nullable: false, optional: true },
}

const sorted = (values: string[]) => `one of ${values.sort().join(', ')}`

/**
 * `const Role = Type.Enum(['customer', 'agent'])`, or a union of literals, gives ['Role', 'one of agent, customer'].
 */
const unions = new Map(
  ['protocol/entities.ts', 'protocol/schemas.ts'].flatMap((file) =>
    [...read(file).matchAll(/^export const (\w+) = Type\.(?:Enum|Union)\(\[([^\]]+)\]\)$/gm)].map(
      ([, name = '', values = '']): [string, string] => [
        name,
        sorted([...values.matchAll(/'([^']+)'/g)].map(([, value = '']) => value)),
      ],
    ),
  ),
)

function columnOf(name: string, text: string): Column {
  const alias = named[text]
  if (alias) return { name, ...alias }
  const generated = /^Generated<(.+)>$/.exec(text)?.[1]
  const nullable = text.endsWith(' | null')
  const plain = generated ?? text.replace(/ \| null$/, '')
  const type = { number: 'number', string: 'string', Buffer: 'bytes' }[plain] ?? unions.get(plain)
  if (type === undefined) throw new Error(`${name}: ${text} is a type that this test does not know`)
  return { name, type, nullable, optional: generated !== undefined || nullable }
}

function writtenTables(): Map<string, Column[]> {
  const interfaces = new Map(
    [...read('db/core/database.ts').matchAll(/^export interface (\w+) \{\n(.*?)^\}/gms)].map(
      ([, name = '', body = '']) => [
        name,
        [...body.matchAll(/^ {2}(\w+): (.+)$/gm)].map(([, property = '', type = '']): [string, string] => [
          property,
          type,
        ]),
      ],
    ),
  )
  return new Map(
    (interfaces.get('Tables') ?? []).map(([table, name]) => [
      table,
      (interfaces.get(name) ?? []).map(([property, type]) => columnOf(property, type)),
    ]),
  )
}

function storedType(columnType: string): string {
  if (/^tinyint\(1\)/.test(columnType)) return 'boolean'
  if (/^(int|bigint|smallint)\b/.test(columnType)) return 'number'
  if (/^(varchar|char|text)\b/.test(columnType)) return 'string'
  if (columnType === 'datetime(3)') return 'time'
  if (/^(var)?binary\(/.test(columnType)) return 'bytes'
  if (columnType.startsWith('enum('))
    return sorted([...columnType.matchAll(/'([^']+)'/g)].map(([, value = '']) => value))
  throw new Error(`${columnType} is a type that this test does not know`)
}

test('[DB15] db/core/database.ts matches the server’s tables: columns in order, types, nulls and defaults', async () => {
  const { connection } = await newPreparedDatabase()
  const stored: Record<string, Column[]> = {}
  const columns = await select(
    connection,
    `SELECT table_name AS t, column_name AS name, column_type AS type, is_nullable AS nullable, column_default AS preset, extra AS extra
    FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY t, ordinal_position`,
  )
  for (const { t, name, type, nullable, preset, extra } of columns) {
    // MariaDB writes the default NULL as text.
    const hasDefault = (preset !== null && preset !== 'NULL') || /auto_increment/i.test(extra)
    const column = {
      name,
      type: storedType(type),
      nullable: nullable === 'YES',
      optional: nullable === 'YES' || hasDefault,
    }
    stored[t] = [...(stored[t] ?? []), column]
  }
  expect(Object.keys(stored).length).toBeGreaterThan(9)
  expect(Object.fromEntries(writtenTables())).toEqual(stored)
})
