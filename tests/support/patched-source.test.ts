import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mutations } from '../authorization/mutations.ts'
import { mutants } from '../chaos/mutants.ts'
import { killPoints, movableClock } from '../chaos/source-probes.ts'
import { applyEdit, copySource, type Edit } from './patched-source.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'kefu-formatted-'))

/** Another style for everything that a formatter may choose. */
const style = {
  root: true,
  vcs: { enabled: false },
  files: { includes: ['**/*.ts'] },
  linter: { enabled: false },
  assist: { enabled: false },
  formatter: { indentStyle: 'space', indentWidth: 4, lineWidth: 50 },
  javascript: {
    formatter: {
      quoteStyle: 'double',
      semicolons: 'always',
      trailingCommas: 'all',
      arrowParentheses: 'always',
      bracketSpacing: false,
    },
  },
}

const editLists: [string, Edit[]][] = [
  ...Object.entries(mutations).map(([name, edit]): [string, Edit[]] => [name, [edit]]),
  ...Object.entries(mutants).map(([name, { edits }]): [string, Edit[]] => [name, edits]),
  ['kill points', killPoints],
  ['movable clock', movableClock([])],
]

/** Applies the edits one after another, without writing a file. */
function applyInMemory(folder: string, edits: readonly Edit[]): void {
  const sources = new Map<string, string>()
  for (const edit of edits) {
    const source = sources.get(edit.file) ?? readFileSync(join(folder, edit.file), 'utf8')
    sources.set(edit.file, applyEdit(source, edit))
  }
}

describe('The edits of mutations, mutants and probes', () => {
  beforeAll(() => {
    copySource(root, copy)
    writeFileSync(join(copy, 'biome.json'), JSON.stringify(style))
    execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', 'protocol', 'db', 'server'], {
      cwd: copy,
    })
    for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
      if (file.startsWith('node_modules') || !file.endsWith('.ts')) continue
      const path = join(copy, file)
      // A comment and an empty line where a line ends with a comma or an opening brace.
      const source = readFileSync(path, 'utf8').replace(/([,{(])\n/g, '$1 // a comment\n\n')
      writeFileSync(path, source)
    }
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  it.each(editLists)('[CH5] fit the source once: %s', (_name, edits) => applyInMemory(root, edits))

  it.each(editLists)('fit the source once in another format and with other comments: %s', (_name, edits) =>
    applyInMemory(copy, edits),
  )
})

describe('An edit', () => {
  const source = `
    function send(message) {
      if (!mayWrite(message)) throw forbidden() // checked under the lock
      return query.where('id', '=', 1).where('seq', '>', 2).compile()
    }
    const other = { send: () => { check(message) }, size: 1, age: 2 }
    check(message)
  `
  const edit = (find: string, put: string, within?: string) =>
    applyEdit(source, { file: 'a.ts', find, put, ...(within && { within }) })

  it.each([
    ['a statement', 'if (!mayWrite(message)) { throw forbidden() }', '', undefined, null],
    [
      'a statement',
      'if (\n!(mayWrite(message,))) throw forbidden();',
      '',
      undefined,
      '      ; // checked under the lock',
    ],
    ['an expression', '!mayWrite(message)', 'a || b', undefined, 'if ((a || b)) throw'],
    ['a call in a chain', '.where(\'seq\', ">", 2)', '', undefined, "query.where('id', '=', 1).compile()"],
    ['properties', 'size: 1, age: 2', 'size: 3', undefined, '}, size: 3 }'],
    ['a call in a function', 'check(message)', 'skip()', 'send', '{ send: () => { skip() }'],
  ])('replaces %s: %s', (_kind, find, put, within, expected) => {
    if (expected === null) expect(() => edit(find, put, within)).toThrow('fits 0 times')
    else expect(edit(find, put, within)).toContain(expected)
  })

  it.each([
    [
      'fits no place',
      'mayRead(message)',
      'true',
      undefined,
      'a.ts: the edit fits 0 times instead of once: mayRead(message)',
    ],
    ['fits two places', 'check(message)', '', undefined, 'a.ts: the edit fits 2 times instead of once: check(message)'],
    [
      'is in another function',
      'forbidden()',
      'gone()',
      'read',
      'a.ts, read: the edit fits 0 times instead of once; the file has it in send',
    ],
    ['is not code', 'if (', '', undefined, 'not a statement, expression, property or method chain: if ('],
    ['removes an expression', '!mayWrite(message)', '', undefined, 'give a replacement'],
    ['breaks the syntax', 'forbidden()', 'throw', undefined, 'the source has a syntax error after the edit'],
  ])('throws when it %s', (_reason, find, put, within, message) => {
    expect(() => edit(find, put, within)).toThrow(message)
  })

  it('finds words of SQL whatever the space between them', () => {
    const sql = { file: 'a.sql', find: 'UNIQUE KEY messages_client', put: 'KEY messages_client' }
    expect(applyEdit('UNIQUE  KEY\n messages_client (id)', sql)).toBe('KEY messages_client (id)')
    expect(() => applyEdit('UNIQUE KEY messages_client_id (id)', sql)).toThrow('fits 0 times')
  })
})
