// The files of the schema: schema.sql and the migrations, and the tables that they define.

import { readdirSync, readFileSync } from 'node:fs'
import { splitStatements } from './split-statements.ts'
import { applyStatements } from './tables/definitions.ts'
import type { Tables } from './tables/model.ts'

const folder = new URL('migrations/', import.meta.url)
export const schemaText = (): string => readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8')

/** In order. */
export const migrationNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()

export const statementsOf = (name: string): string[] =>
  splitStatements(readFileSync(new URL(`${name}.sql`, folder), 'utf8'))

/** The statement that creates the record of migrations. */
export function createRecordsStatement(): string {
  const found = splitStatements(schemaText()).find((statement) =>
    statement.startsWith('CREATE TABLE schema_migrations'),
  )
  if (found === undefined) throw new Error('schema.sql creates no schema_migrations')
  return found
}

/** The definitions of the tables as of these migrations. */
export const definitionsOf = (migrations: readonly string[]): Tables =>
  applyStatements([createRecordsStatement(), ...migrations.flatMap(statementsOf)])
