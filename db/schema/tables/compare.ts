// Compares tables with their definitions. Each difference is one line for the operator, with the clauses of ALTER TABLE
// that remove it where that loses nothing.

import {
  type Column,
  type ForeignKey,
  isSameForeignKey,
  isSameKey,
  type Key,
  sameColumns,
  type Table,
  type Tables,
} from './model.ts'

export interface Difference {
  table: string
  line: string
  /** Foreign keys are added by the conversion itself, so their list is empty. Null: nothing removes it without loss. */
  clauses: readonly string[] | null
  /** Kefu works in spite of it, perhaps more slowly. */
  isHarmless: boolean
}

/**
 * `latest`: the definitions of the newest version, whose names must be free. A table without a definition is not
 * compared, and neither is one that is missing.
 */
export function compareTables(expected: Tables, actual: Tables, latest: Tables): Difference[] {
  return [...expected.values()].flatMap((table) => {
    const found = actual.get(table.name)
    return found ? compareTable(table, found, latest.get(table.name) ?? table) : []
  })
}

function compareTable(expected: Table, actual: Table, latest: Table): Difference[] {
  const { name } = expected
  const differs = (line: string, clauses: Difference['clauses'], isHarmless = false): Difference => ({
    table: name,
    line,
    clauses,
    isHarmless,
  })
  if (actual.kind !== 'BASE TABLE') return [differs(`${name} is a ${actual.kind}; it must be a table.`, null)]
  const differences: Difference[] = []
  if (actual.engine !== expected.engine) {
    const clauses = [`ENGINE = ${expected.engine}`, 'ROW_FORMAT = DYNAMIC']
    differences.push(differs(`${name} has the engine ${actual.engine}; it must be ${expected.engine}.`, clauses))
  }
  if (actual.collation !== expected.collation) {
    const clauses = [`DEFAULT CHARACTER SET = ${charsetOf(expected.collation)} COLLATE = ${expected.collation}`]
    const line = `${name} has the default collation ${actual.collation}; it must be ${expected.collation}.`
    differences.push(differs(line, clauses, true))
  }
  for (const extra of actual.extras) {
    // MariaDB checks a JSON column by a constraint of the column's name.
    const isOfExtraColumn = [...actual.columns.keys()].some((column) => extra === `the check ${column}`)
    if (!isOfExtraColumn) differences.push(differs(`${name} has ${extra}, which Kefu does not expect: drop it.`, null))
  }
  for (const column of expected.columns.values()) {
    const found = findColumn(actual, column.name)
    if (found === undefined) differences.push(differs(`${name} has no column ${column.name}.`, null))
    else if (!isSameColumn(found, column)) {
      const isConvertible = !found.isGenerated && isSameFamily(found, column)
      const clauses = isConvertible ? [`CHANGE COLUMN \`${found.name}\` ${sqlOf(column)}`] : null
      const line = `${name}.${found.name} is ${describe(found)}; it must be ${describe(column)}.`
      differences.push(differs(line, clauses, isWider(found, column)))
    }
  }
  for (const column of actual.columns.values()) {
    if (findColumn(expected, column.name) !== undefined) continue
    if (findColumn(latest, column.name) !== undefined)
      differences.push(differs(`${name}.${column.name} has the name of a column of Kefu's: rename or drop it.`, null))
    else if (needsValue(column)) {
      const line = `${name}.${column.name} is NOT NULL without a default, and Kefu does not fill it: give it a default, or drop it.`
      differences.push(differs(line, null))
    } else if (/^0000/.test(column.preset ?? ''))
      differences.push(differs(`${name}.${column.name} has the default ${column.preset}, which is no time.`, null))
  }
  return [...differences, ...compareKeys(expected, actual, latest, differs)]
}

function compareKeys(
  expected: Table,
  actual: Table,
  latest: Table,
  differs: (line: string, clauses: Difference['clauses'], isHarmless?: boolean) => Difference,
): Difference[] {
  const { name } = expected
  const differences: Difference[] = []
  const dropped = new Set<string>()
  const drop = (key: string) => {
    dropped.add(key)
    return `DROP KEY \`${key}\``
  }
  for (const key of expected.keys.values()) {
    const found = actual.keys.get(key.name)
    if (isSameKey(found, key)) continue
    const line = found
      ? `${name} has the key ${describeKey(found)}; it must be ${describeKey(key)}.`
      : `${name} has no key ${describeKey(key)}.`
    const isOtherPrimary = found !== undefined && key.name === 'PRIMARY'
    const clauses = isOtherPrimary ? null : [...(found ? [drop(key.name)] : []), `ADD ${sqlOfKey(key)}`]
    differences.push(differs(line, clauses, !key.isUnique))
  }
  for (const key of actual.keys.values()) {
    if (expected.keys.has(key.name)) continue
    const twin = [...expected.keys.values()].find(
      (other) => other.isUnique === key.isUnique && sameColumns(other.columns, key.columns),
    )
    if (twin || (!key.isUnique && latest.keys.has(key.name)))
      differences.push(differs(`${name} has the key ${describeKey(key)} too many.`, [drop(key.name)], true))
    else if (key.isUnique) {
      const line = `${name} has the unique key ${describeKey(key)}, which would refuse rows of Kefu's: drop it.`
      differences.push(differs(line, null))
    }
  }
  for (const key of expected.foreignKeys.values()) {
    if (!isSameForeignKey(actual.foreignKeys.get(key.name), key))
      differences.push(differs(`${name} has no foreign key ${describeForeignKey(key)}.`, [], true))
  }
  for (const key of actual.foreignKeys.values()) {
    if (expected.foreignKeys.has(key.name)) continue
    const isOfOurs = key.columns.every((column) => findColumn(expected, column) !== undefined)
    const line = `${name} has the foreign key ${describeForeignKey(key)} too many`
    differences.push(isOfOurs ? differs(`${line}.`, [], true) : differs(`${line}: drop it.`, null, true))
  }
  return differences
}

/** Names of columns are equal whatever their case. */
export const findColumn = (table: Table, name: string): Column | undefined =>
  table.columns.get(name) ??
  [...table.columns.values()].find((column) => column.name.toLowerCase() === name.toLowerCase())

const isSameColumn = (a: Column, b: Column): boolean =>
  a.name === b.name &&
  a.type === b.type &&
  a.collation === b.collation &&
  a.isNullable === b.isNullable &&
  a.preset === b.preset &&
  a.isAutoIncrement === b.isAutoIncrement &&
  a.isGenerated === b.isGenerated &&
  a.hasOnUpdate === b.hasOnUpdate

const needsValue = (column: Column): boolean =>
  !column.isNullable && column.preset === null && !column.isAutoIncrement && !column.isGenerated

const families = {
  integer: /^(tinyint|smallint|mediumint|int|bigint|bit)\b/,
  text: /^(char|varchar|tinytext|text|mediumtext|longtext|enum)\b/,
  time: /^(datetime|timestamp|date)\b/,
  bytes: /^(binary|varbinary)\b/,
} as const
export type Family = keyof typeof families

export const familyOf = (type: string): Family | undefined =>
  (Object.keys(families) as Family[]).find((family) => families[family].test(type))

/** Whether one may become the other as long as the values fit. */
export const isSameFamily = (a: Column, b: Column): boolean =>
  familyOf(a.type) !== undefined && familyOf(a.type) === familyOf(b.type)

/** The same, but for a longer text. */
function isWider(found: Column, column: Column): boolean {
  const lengthOf = ({ type }: Column) => Number(/^varchar\((\d+)\)$/.exec(type)?.[1])
  return lengthOf(found) > lengthOf(column) && isSameColumn({ ...found, type: column.type }, column)
}

export const charsetOf = (collation: string): string => collation.split('_')[0] as string

const sqlOfPreset = (preset: string) =>
  /^current_timestamp/.test(preset) ? preset : `'${preset.replaceAll("'", "''")}'`

function describe(column: Column): string {
  return [
    column.type,
    ...(column.collation === null ? [] : [column.collation]),
    column.isNullable ? 'NULL' : 'NOT NULL',
    ...(column.preset === null ? [] : [`DEFAULT ${sqlOfPreset(column.preset)}`]),
    ...(column.hasOnUpdate ? ['ON UPDATE'] : []),
    ...(column.isAutoIncrement ? ['AUTO_INCREMENT'] : []),
    ...(column.isGenerated ? ['GENERATED'] : []),
  ].join(' ')
}

function sqlOf(column: Column): string {
  const collation =
    column.collation === null ? '' : ` CHARACTER SET ${charsetOf(column.collation)} COLLATE ${column.collation}`
  const preset = column.preset === null ? '' : ` DEFAULT ${sqlOfPreset(column.preset)}`
  const auto = column.isAutoIncrement ? ' AUTO_INCREMENT' : ''
  return `\`${column.name}\` ${column.type}${collation} ${column.isNullable ? 'NULL' : 'NOT NULL'}${preset}${auto}`
}

const describeKey = (key: Key) => `${key.name} (${key.columns.join(', ')})`
const describeForeignKey = (key: ForeignKey) =>
  `${key.name} (${key.columns.join(', ')}) to ${key.table} (${key.referenced.join(', ')})`

const sqlOfKey = ({ name, isUnique, columns }: Key) =>
  `${name === 'PRIMARY' ? 'PRIMARY KEY' : `${isUnique ? 'UNIQUE ' : ''}KEY \`${name}\``} (${columns.join(', ')})`

export const sqlOfForeignKey = ({ name, columns, table, referenced, onDelete }: ForeignKey): string =>
  `ADD CONSTRAINT \`${name}\` FOREIGN KEY (${columns.join(', ')}) REFERENCES ${table} (${referenced.join(', ')})${
    onDelete === 'NO ACTION' ? '' : ` ON DELETE ${onDelete}`
  }`
