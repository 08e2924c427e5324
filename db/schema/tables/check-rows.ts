// Finds rows that the definitions do not allow: NULLs, values that do not fit, broken references, duplicates. Lines
// name counts and ids alone, since values are personal data.

import type { Connection, RowDataPacket } from 'mysql2/promise'
import { charsetOf, familyOf, findColumn, isSameFamily } from './compare.ts'
import { type Column, isSameKey, type Table, type Tables } from './model.ts'

interface Check {
  /** True for a row that does not fit. */
  condition: string
  /** Follows the column's name. */
  problem: string
}

/** One line per problem. Reads each table once, and once more for each reference and each missing unique key. */
export async function findUnfitRows(
  connection: Connection,
  expected: Tables,
  actual: Tables,
  latest: Tables,
): Promise<string[]> {
  const lines: string[] = []
  for (const table of expected.values()) {
    const found = actual.get(table.name)
    if (found === undefined || found.kind !== 'BASE TABLE') continue
    lines.push(...(await findUnfitValues(connection, table, found, latest.get(table.name) ?? table)))
    lines.push(...(await findBrokenReferences(connection, table, found, actual)))
    lines.push(...(await findDuplicates(connection, table, found)))
  }
  return lines
}

const idOf = (table: Table) => table.keys.get('PRIMARY')?.columns[0] ?? 'id'
const countOf = (n: number) => (n === 1 ? '1 row' : `${n} rows`)
const quote = (name: string) => `\`${name}\``

async function findUnfitValues(
  connection: Connection,
  expected: Table,
  actual: Table,
  latest: Table,
): Promise<string[]> {
  if (findColumn(actual, idOf(expected)) === undefined) return []
  const checks = [...actual.columns.values()].flatMap((found) =>
    checksOf(found, findColumn(expected, found.name), findColumn(latest, found.name)).map((check) => ({
      column: found.name,
      ...check,
    })),
  )
  const counts = checks.map(
    ({ condition }, index) =>
      `COUNT(IF(${condition}, 1, NULL)) AS n${index}, CAST(MIN(IF(${condition}, ${idOf(expected)}, NULL)) AS CHAR) AS id${index}`,
  )
  if (counts.length === 0) return []
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT ${counts.join(', ')} FROM ${quote(expected.name)}`)
  return checks.flatMap(({ column, problem }, index) => {
    const n = Number(row?.[`n${index}`])
    return n === 0
      ? []
      : [`${expected.name}.${column} ${problem} in ${countOf(n)}, first with ${idOf(expected)} ${row?.[`id${index}`]}.`]
  })
}

function checksOf(found: Column, column: Column | undefined, latest: Column | undefined): Check[] {
  const name = quote(found.name)
  const noTime: Check[] =
    familyOf(found.type) === 'time'
      ? [
          {
            condition: `YEAR(${name}) = 0 OR MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0`,
            problem: 'is no time (0000-00-00 or the like)',
          },
        ]
      : []
  if (column === undefined) return noTime
  if (!isSameFamily(found, column)) return []
  const checks = [...noTime]
  if (found.isNullable && !column.isNullable) checks.push({ condition: `${name} IS NULL`, problem: 'is NULL' })
  const family = familyOf(column.type)
  if (column.type === 'tinyint(1)') checks.push({ condition: `${name} NOT IN (0, 1)`, problem: 'is neither 0 nor 1' })
  else if (family === 'integer') {
    const least = column.isAutoIncrement ? 1 : 0
    const problem = `is below ${least} or above ${Number.MAX_SAFE_INTEGER}`
    checks.push({ condition: `${name} < ${least} OR ${name} > ${Number.MAX_SAFE_INTEGER}`, problem })
  }
  if (family === 'text') checks.push(...checksOfText(`CONVERT(${name} USING utf8mb4)`, column, latest))
  return checks
}

function checksOfText(text: string, column: Column, latest: Column | undefined): Check[] {
  const checks: Check[] = []
  const length = /^(?:var)?char\((\d+)\)$/.exec(column.type)?.[1]
  if (length !== undefined)
    checks.push({ condition: `CHAR_LENGTH(${text}) > ${length}`, problem: `is longer than ${length} characters` })
  if (column.type === 'text')
    checks.push({ condition: `LENGTH(${text}) > 65535`, problem: 'is longer than 65535 bytes' })
  const values = /^enum\((.*)\)$/.exec(column.type)?.[1]
  if (values !== undefined && column.collation !== null)
    checks.push({
      condition: `${text} COLLATE ${column.collation} NOT IN (${values})`,
      problem: `is none of ${values}`,
    })
  // A later migration narrows it.
  if (latest !== undefined && latest.collation !== null && charsetOf(latest.collation) === 'ascii')
    checks.push({ condition: `LENGTH(${text}) <> CHAR_LENGTH(${text})`, problem: 'has characters other than ASCII' })
  return checks
}

async function findBrokenReferences(
  connection: Connection,
  expected: Table,
  actual: Table,
  tables: Tables,
): Promise<string[]> {
  const lines: string[] = []
  for (const { columns, table, referenced } of expected.foreignKeys.values()) {
    const [column = '', target = ''] = [columns[0], referenced[0]]
    const parent = tables.get(table)
    if (parent === undefined) {
      lines.push(`${expected.name} is there without the table ${table}, to which it refers.`)
      continue
    }
    if (
      [findColumn(actual, column), findColumn(parent, target), findColumn(actual, idOf(expected))].includes(undefined)
    )
      continue
    const [[row]] = await connection.query<
      RowDataPacket[]
    >(`SELECT COUNT(*) AS n, MIN(child.${quote(idOf(expected))}) AS first
      FROM ${quote(expected.name)} AS child LEFT JOIN ${quote(table)} AS parent ON parent.${quote(target)} = child.${quote(column)}
      WHERE child.${quote(column)} IS NOT NULL AND parent.${quote(target)} IS NULL`)
    if (Number(row?.n) > 0) {
      const where = `in ${countOf(Number(row?.n))}, first with ${idOf(expected)} ${row?.first}`
      lines.push(`${expected.name}.${column} refers to no row of ${table} ${where}.`)
    }
  }
  return lines
}

/**
 * Only where the server does not already refuse them: without the key, or under a collation that distinguishes more.
 */
async function findDuplicates(connection: Connection, expected: Table, actual: Table): Promise<string[]> {
  const lines: string[] = []
  for (const key of expected.keys.values()) {
    const pairs = key.columns.map((column) => [findColumn(actual, column), findColumn(expected, column)] as const)
    if (!key.isUnique || pairs.some(([found]) => found === undefined)) continue
    const isEnforced =
      [...actual.keys.values()].some((other) => isSameKey({ ...other, name: key.name }, key)) &&
      pairs.every(([found, column]) => found?.collation === column?.collation)
    if (isEnforced) continue
    const id = quote(idOf(expected))
    const values = pairs.map(([found, column]) => {
      const name = quote(found?.name ?? '')
      return column?.collation
        ? `CONVERT(${name} USING ${charsetOf(column.collation)}) COLLATE ${column.collation}`
        : name
    })
    const [[row]] = await connection.query<
      RowDataPacket[]
    >(`SELECT COUNT(*) AS n, MIN(first) AS first, MIN(other) AS other
      FROM (SELECT MIN(${id}) AS first, MAX(${id}) AS other FROM ${quote(expected.name)}
        GROUP BY ${values.join(', ')} HAVING COUNT(*) > 1) AS repeated`)
    if (Number(row?.n) > 0) {
      const what = `${expected.name}.${key.columns.join(', ')}`
      lines.push(
        `${what} has ${row?.n} values more than once, such as in the rows with id ${row?.first} and ${row?.other}.`,
      )
    }
  }
  return lines
}
