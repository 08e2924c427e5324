// Brings tables that another program made to the original tables' definitions, or refuses before the first statement.
// A conversion that is interrupted continues at the next start, since each step removes differences alone.

import type { Connection } from 'mysql2/promise'
import { errnoOf, isConnectionError } from '../../core/errors.ts'
import { StartError } from '../../embedded/start-error.ts'
import { findUnfitRows } from './check-rows.ts'
import { compareTables, type Difference, sqlOfForeignKey } from './compare.ts'
import type { Tables } from './model.ts'
import { readTables } from './read-tables.ts'

export interface Definitions {
  /** The original tables. */
  original: Tables
  latest: Tables
}

/** Throws a StartError with one line per difference that cannot be converted; nothing has changed then. */
export async function convertOriginalTables(
  connection: Connection,
  { original, latest }: Definitions,
  log: (message: string) => void,
  onStep: (statement: string) => void | Promise<void>,
): Promise<void> {
  const actual = await readTables(connection)
  const differences = compareTables(original, actual, latest)
  const refused = differences.filter(({ clauses }) => clauses === null).map(({ line }) => line)
  const lines = [...refused, ...(await findUnfitRows(connection, original, actual, latest))]
  if (lines.length > 0) throw new StartError(lines.map((line) => `Cannot migrate: ${line}`).join('\n'))
  if (differences.length === 0) return
  for (const { line } of differences) log(`Converting: ${line}`)
  for (const statement of conversionOf(original, actual, differences)) {
    try {
      await connection.query(statement)
    } catch (error) {
      if (isConnectionError(error)) throw error
      const { code } = error as { code?: unknown }
      const [, table = ''] = /^ALTER TABLE (\S+)/.exec(statement) ?? []
      throw new StartError(`Cannot migrate: converting ${table} failed (${code}, ${errnoOf(error)}). No row was lost.`)
    }
    await onStep(statement)
  }
  const left = compareTables(original, await readTables(connection), latest)
  if (left.length > 0) throw new StartError(left.map(({ line }) => `Cannot migrate: ${line}`).join('\n'))
}

/** Foreign keys are dropped first, since the server changes no column that has one, and added with its table. */
function* conversionOf(original: Tables, actual: Tables, differences: readonly Difference[]): Generator<string> {
  for (const { name } of original.values()) {
    const foreignKeys = [...(actual.get(name)?.foreignKeys.keys() ?? [])]
    if (foreignKeys.length > 0)
      yield `ALTER TABLE ${name} ${foreignKeys.map((key) => `DROP FOREIGN KEY \`${key}\``).join(', ')}`
  }
  for (const { name, foreignKeys } of original.values()) {
    if (!actual.has(name)) continue
    const clauses = differences.filter(({ table }) => table === name).flatMap((difference) => difference.clauses ?? [])
    const ordered = [...new Set(clauses)].sort((a, b) => orderOf(a) - orderOf(b))
    const added = [...foreignKeys.values()].map(sqlOfForeignKey)
    if (ordered.length + added.length > 0) yield `ALTER TABLE ${name} ${[...ordered, ...added].join(', ')}`
  }
}

const orderOf = (clause: string) => ['DROP', 'CHANGE', 'ADD', 'ENGINE'].findIndex((word) => clause.startsWith(word))
