// The SQL in db/ must run on MariaDB 10.11 and on MySQL 8.4 and later. Patterns find what only one of them supports,
// before a run on the other does. Each pattern must match a sample.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { splitStatements } from '#db/schema/split-statements.ts'

/** Patterns that must not match in db/, with a sample that must match. */
const forbidden: [what: string, look: RegExp, sample: string][] = [
  ['RETURNING: MariaDB alone', /\breturning(All)?\b/i, `db.insertInto('users').returning('id')`],
  ['-> and ->>: MySQL alone', /->>?\s*['"$]|\.key\('/, `SELECT look->>'$.color'`],
  ['LATERAL: MySQL alone', /\blateral\b|Lateral\(/i, `.innerJoinLateral((eb) => eb)`],
  ['FOR SHARE: MySQL alone', /\bfor\s+share\b|\.forShare\(/i, `query.forShare()`],
  ['INSERT … AS new: MySQL alone', /\)\s*as\s+new\b/i, 'VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a'],
  ['0900 collations: MySQL alone', /\b0900|_0900_/i, 'COLLATE utf8mb4_0900_ai_ci'],
  ['uca1400 collations: MariaDB alone', /uca1400/i, 'COLLATE utf8mb4_uca1400_ai_ci'],
  ['keys of expressions: MySQL alone', /\b(key|index)\s*(\w+\s*)?\(\s*\(/i, 'KEY lower_name ((LOWER(name)))'],
  ['the ngram parser: MySQL alone', /\bngram\b|with\s+parser/i, 'FULLTEXT (content) WITH PARSER ngram'],
  ['FOR UPDATE OF: MySQL alone', /\bfor\s+update\s+of\b|\.forUpdate\(\s*[^)\s]/i, `query.forUpdate('users')`],
  ['JSON_TABLE: cuts text silently on MariaDB', /\bjson_table\b|jsonTable/i, 'FROM JSON_TABLE(?, "$[*]")'],
  ['ANY_VALUE: MySQL alone', /\bany_value\b|anyValue/i, 'SELECT ANY_VALUE(name)'],
  ['UUID_TO_BIN and BIN_TO_UUID: MySQL alone', /\b(uuid_to_bin|bin_to_uuid)\b/i, 'UUID_TO_BIN(UUID())'],
  [
    'IF NOT EXISTS of keys and columns: MariaDB alone',
    /\b(index|key|column|constraint)\s+if\s+(not\s+)?exists\b/i,
    'CREATE INDEX IF NOT EXISTS users_role ON users (role)',
  ],
  ['MEMBER OF: MySQL alone', /\bmember\s+of\b/i, `WHERE 1 MEMBER OF('[1]')`],
  [
    'WITH … UPDATE: MySQL alone',
    /\bwith\b[^;`]*\)\s*(update|delete)\b/i,
    'WITH a AS (SELECT 1) UPDATE users SET name = 1',
  ],
  ['CAST … AS JSON: MySQL alone', /\bas\s+json\b|jsonArrayFrom|jsonObjectFrom|jsonBuildObject/i, 'CAST(look AS JSON)'],
  ['SEQUENCE: MariaDB alone', /\b(create|next\s+value\s+for)\s+sequence\b|\bnextval\(/i, 'CREATE SEQUENCE seqs'],
  ['MD5 and SHA1: gone from MySQL 9.6', /\b(md5|sha1?)\(/i, 'SELECT MD5(name)'],
  [
    'INTERSECT and EXCEPT: from MySQL 8.0.31',
    /\b(intersect|except)\b\s*(all\s+)?\(?\s*select|\.(intersect|except)\(/i,
    'a.intersect(b)',
  ],
  ['sql.raw: nothing checks it', /\bsql\.raw\b/, 'sql.raw(text)'],
  [
    'Kysely<any>: nothing checks it',
    /\b(Kysely|Transaction|ExpressionBuilder)<any\b/,
    'function find(db: Kysely<any>)',
  ],
]

const root = new URL('../../', import.meta.url)
const sources = [
  'schema.sql',
  ...readdirSync(new URL('db/', root), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|sql)$/.test(file))
    .map((file) => `db/${file}`),
]

/** Comments may mention forbidden SQL. */
function codeOf(file: string): string {
  const text = readFileSync(new URL(file, root), 'utf8')
  if (file.endsWith('.sql')) return splitStatements(text).join(';\n')
  return text.replace(/\/\*\*?.*?\*\//gs, '').replace(/(^|\s)\/\/[^\n]*/g, '$1')
}

describe.each(forbidden)('[DB17] %s', (_, look, sample) => {
  test('matches its sample', () => {
    expect(look.test(sample)).toBe(true)
  })

  test('matches nothing in db/ or schema.sql', () => {
    const found = sources.filter((file) => look.test(codeOf(file)))
    expect(found).toEqual([])
  })
})

test('[DB17] the check reads all files of db/', () => {
  expect(sources).toContain('db/core/connect.ts')
  expect(sources).toContain('db/schema/migrations/0001-original-tables.sql')
})

test('[DB17] every table sets its engine, character set and collation, since server defaults differ', () => {
  const made = sources
    .filter((file) => file.endsWith('.sql'))
    .flatMap((file) => splitStatements(readFileSync(new URL(file, root), 'utf8')))
    .filter((statement) => statement.startsWith('CREATE TABLE'))
  expect(made.length).toBeGreaterThan(15)
  for (const statement of made) {
    expect(statement).toMatch(/\n\) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci/)
  }
})
