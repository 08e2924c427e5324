// Checks that nobody has changed the tables of a prepared database by hand in a way that Kefu cannot work with.

import type { Connection } from 'mysql2/promise'
import { StartError } from '../../embedded/start-error.ts'
import { compareTables, type Difference } from './compare.ts'
import type { Tables } from './model.ts'
import { readTables } from './read-tables.ts'

/**
 * Throws a StartError with one line per harmful difference; logs the harmless ones. The tables may have one of these
 * states, since a kill leaves a migration that has run without its record.
 */
export async function assertUnchanged(
  connection: Connection,
  states: readonly Tables[],
  latest: Tables,
  log: (message: string) => void,
): Promise<void> {
  const actual = await readTables(connection)
  const found = states.map((expected) => ({
    missing: [...expected.keys()].filter((name) => !actual.has(name)),
    differences: compareTables(expected, actual, latest),
  }))
  const harm = ({ missing, differences }: { missing: string[]; differences: Difference[] }) =>
    missing.length + differences.filter(({ isHarmless }) => !isHarmless).length
  const [closest] = found.sort((a, b) => harm(a) - harm(b))
  if (closest === undefined) return
  const lines = [
    ...closest.missing.map((name) => `The table ${name} is missing.`),
    ...closest.differences.filter(({ isHarmless }) => !isHarmless).map(({ line }) => line),
  ]
  if (lines.length > 0) throw new StartError(lines.map((line) => `The tables were changed: ${line}`).join('\n'))
  for (const { line } of closest.differences) log(`The tables were changed: ${line}`)
}
