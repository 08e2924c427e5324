// Kefu and the database agree on which names are the same: otherwise one account has several counts, or two
// accounts one.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { comparableName } from '#db/core/comparable-name.ts'
import { ClientId, ExternalId } from '#protocol/schemas.ts'
import { newPreparedDatabase, select } from './databases.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

const spellings = [
  ...['admin', 'Admin', 'ADMIN', 'admin ', 'admin   ', ' admin', 'admin\t', 'admin\n', 'admin\u00a0', 'admin\u3000'],
  ...['ａｄｍｉｎ', 'ﬁne', 'fine', 'admin\ufeff', 'admín', 'admi\u0301n', 'admin\u200b', 'admin\u00ad', 'аdmin'],
  ...['straße', 'strasse', 'STRASSE', 'ſtrasse', 'ıd', 'id', 'İd', 'i\u0307d', 'Å', 'Å', 'å', 'Ω', 'ω', 'K', 'k'],
  ...['李', '李 ', '\uf9e1', 'é', 'e\u0301', 'É', '😀', '😁', 'ｶﾞ', 'ガ', 'カ\u3099', '①', '1', 'a b', 'a  b'],
]

/** Text that identifies a row, and how it is compared. */
const keys: Record<string, 'comparableName' | 'exact' | 'generated'> = {
  'users.username': 'comparableName',
  'users.external_id': 'exact',
  'sites.site_key': 'exact',
  'conversations.client_conversation_id': 'exact',
  'messages.client_message_id': 'exact',
  'nodes.id': 'generated',
  'agent_connections.node_id': 'generated',
  'list_versions.name': 'generated',
  'schema_migrations.name': 'generated',
}

test('[AU20] [F9] two names have one form exactly if the database holds their forms equal', async () => {
  const { connection } = await newPreparedDatabase()
  const forms = spellings.map(comparableName)
  const literal = (text: string) => `convert(x'${Buffer.from(text).toString('hex')}' using utf8mb4) collate utf8mb4_bin`
  const table = forms.map((form, index) => `select ${index} as id, ${literal(form)} as form`).join(' union all ')
  const equal = await select(
    connection,
    `select a.id as a, b.id as b from (${table}) a join (${table}) b on a.form = b.form where a.id < b.id order by a.id, b.id`,
  )
  const expected = forms.flatMap((form, a) => forms.flatMap((other, b) => (a < b && form === other ? [{ a, b }] : [])))
  expect(equal.map(({ a, b }) => ({ a: Number(a), b: Number(b) }))).toEqual(expected)
  expect(expected.length).toBeGreaterThan(20)
  for (const form of forms) expect(comparableName(form)).toBe(form)
})

test('[AU20] [F9] every text that identifies a row has a rule of comparison, and a collation without surprises', async () => {
  const { connection } = await newPreparedDatabase()
  const columns = await select(
    connection,
    `select distinct concat(c.table_name, '.', c.column_name) as name, c.collation_name as collation
     from information_schema.statistics s join information_schema.columns c
       on c.table_schema = s.table_schema and c.table_name = s.table_name and c.column_name = s.column_name
     where s.table_schema = database() and s.non_unique = 0 and c.data_type in ('char', 'varchar')`,
  )
  expect(columns.map(({ name }) => name).sort()).toEqual(Object.keys(keys).sort())
  for (const { name, collation } of columns) expect(collation, String(name)).toMatch(/_bin$/)
  // The collations pad with blanks: exact keys have none at their end.
  for (const schema of [ClientId, ExternalId])
    for (const blank of [' ', '\t', '\u00a0', '\u3000']) expect(Check(schema, `key${blank}`)).toBe(false)
})

test('[AU20] [F9] no other code changes the case or form of a name', () => {
  const folds = /toLowerCase\(\)|toLocaleLowerCase|toUpperCase\(\)|normalize\('NFK?[CD]'\)/
  const files = ['server', 'db/queries', 'protocol'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: root }).filter((file) => folds.test(read(file))),
  )
  // Passwords, header names, hosts, file endings and escapes are no names.
  expect(files.sort()).toEqual([
    'server/attachments/attachment-name.ts',
    'server/auth/password.ts',
    'server/cluster/workers/sticky-sessions.ts',
    'server/http/connections.ts',
    'server/http/routes/attachments.ts',
    'server/process/config-parsers.ts',
  ])
})
