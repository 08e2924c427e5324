// The import borders of biome.json. Each is violated once in a temporary folder with the project's rules, and Biome
// must report it.

import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const uses = (from: string) => `import { thing } from '${from}'\n\nexport const other = thing\n`

const typeCycle = (own: string, other: string) =>
  `import type { Thing_${other} } from './type-cycle-${other}.ts'\n\nexport interface Thing_${own} {\n  other?: Thing_${other}\n}\n`

/** A file, the rule that it breaks, and its source. */
const violations: [file: string, rule: string, source: string][] = [
  ...(
    [
      ['protocol/a.ts', '#db/core/database.ts'],
      ['protocol/b.ts', '../server/errors.ts'],
      ['protocol/c.ts', 'node:fs'],
      ['db/a.ts', '../server/errors.ts'],
      ['db/b.ts', '#protocol/requests.ts'],
      ['db/embedded/c.ts', '../../server/process/config.ts'],
      ['db/d.ts', 'fastify'],
      ['server/a.ts', '../client-web/shared/timeline/timeline.ts'],
      ['server/b.ts', './app.ts'],
      ['server/http/c.ts', '../app.ts'],
      ['server/http/d.ts', 'kysely'],
      ['server/commands/e.ts', 'mysql2/promise'],
      ['server/main.ts', '../db/connect.ts'],
      ['server/conversations/f.ts', '../http/reply.ts'],
      ['server/messages/g.ts', '../realtime/publish.ts'],
      ['server/agents/h.ts', '../app.ts'],
      ['server/auth/i.ts', 'fastify'],
      ['server/users/j.ts', 'socket.io'],
      ['server/setup/k.ts', 'kysely'],
      ['server/attachments/l.ts', '../realtime/publish.ts'],
      ['server/conversation-state/m.ts', '../cluster/cluster.ts'],
      ['server/budgets/n.ts', '../http/reply.ts'],
      ['server/messages/write-path/o.ts', '../../realtime/rooms.ts'],
      ['client-web/a.ts', '../server/errors.ts'],
      ['client-web/shared/b.tsx', '#db/core/database.ts'],
      ['client-web/widget/c.ts', '#protocol/schemas.ts'],
      ['client-web/console/d.ts', 'typebox'],
      ['client-web/loader/e.ts', 'node:fs'],
      ['client-web/demo/f.ts', '../../protocol/limits/wire.ts'],
      ['client-web/console/g.ts', '#protocol/limits/server.ts'],
      ['client-web/shared/h.tsx', '#protocol/limits/server.ts'],
      ['bench/scenarios/a.ts', '../../server/messages/write-path/message-writer.ts'],
      ['bench/b.ts', '../db/connect.ts'],
    ] as const
  ).map(([file, from]): [string, string, string] => [file, 'noRestrictedImports', uses(from)]),
  ['server/users/cycle-a.ts', 'noImportCycles', uses('./cycle-b.ts').replace('other', 'thing2')],
  // A folder that no rule names: a new noun is guarded from its first file on.
  ['server/new-noun/create-thing.ts', 'noRestrictedImports', uses('fastify')],
  ['server/new-noun/inner-room/helper.ts', 'noRestrictedImports', uses('socket.io')],
  ['server/new-noun/list-things.ts', 'noRestrictedImports', uses('../http/server.ts')],
  // Types alone make a cycle, too.
  ['server/users/type-cycle-a.ts', 'noImportCycles', typeCycle('a', 'b')],
  ['server/users/env.ts', 'noProcessEnv', 'export const port = process.env.PORT\n'],
  ['server/users/console.ts', 'noConsole', "console.log('hello')\n"],
  ['server/users/default.ts', 'noDefaultExport', 'export default 1\n'],
  ['server/users/any.ts', 'noExplicitAny', 'export const thing = (value: any) => value\n'],
  ['server/users/barrel.ts', 'noBarrelFile', "export { thing } from './any.ts'\n"],
]

const allowed: [file: string, source: string][] = [
  [
    'protocol/fine.ts',
    uses('./limits/wire.ts') + uses('typebox').replace('thing', 'thing as x').replace('other = thing', 'y = x'),
  ],
  ['db/fine.ts', uses('#protocol/limits/wire.ts')],
  ['db/tuned.ts', uses('#protocol/limits/server.ts')],
  ['server/fine.ts', uses('#db/core/connect.ts')],
  ['server/http/fine.ts', uses('../conversations/access.ts')],
  ['server/realtime/fine.ts', uses('socket.io')],
  ['server/users/fine.ts', uses('#protocol/requests.ts')],
  ['server/new-noun/fine.ts', uses('#db/core/connect.ts')],
  ['server/cluster/fine.ts', uses('socket.io')],
  ['server/shared/fine.ts', uses('@fastify/proxy-addr')],
  ['server/commands/fine.ts', `${uses('#db/core/connect.ts')}\nconsole.log(other)\n`],
  ['bench/fine.ts', `${uses('#db/core/connect.ts')}\nconsole.log(other)\n`],
  ['client-web/fine.ts', uses('#protocol/limits/wire.ts')],
  ['server/process/config.ts', 'export const port = process.env.PORT\n'],
]

interface Report {
  diagnostics: { category: string; location: { path: string | { file: string } } }[]
}

let folder: string
let found: Set<string>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kefu-borders-'))
  for (const name of ['biome.json', '.gitignore', 'package.json']) cpSync(join(root, name), join(folder, name))
  const cycle: [string, string][] = [
    ['server/users/type-cycle-b.ts', typeCycle('b', 'a')],
    ['server/users/cycle-b.ts', "import { thing2 } from './cycle-a.ts'\n\nexport const thing = thing2\n"],
  ]
  for (const [file, source] of [
    ...violations.map(([file, , source]): [string, string] => [file, source]),
    ...cycle,
    ...allowed,
  ]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), source)
  }
  const biome = join(root, 'node_modules', '.bin', 'biome')
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', folder], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { diagnostics }: Report = JSON.parse(stdout)
  found = new Set(diagnostics.map(({ category, location }) => `${pathOf(location.path)} ${category.split('/').at(-1)}`))
})

afterAll(() => rmSync(folder, { recursive: true }))

function pathOf(path: string | { file: string }): string {
  return (typeof path === 'string' ? path : path.file).replace(`${folder}/`, '')
}

describe('Biome rejects imports across a border', () => {
  test.each(violations)('%s breaks %s', (file, rule) => {
    expect([...found]).toContain(`${file} ${rule}`)
  })

  test.each(allowed)('%s is allowed', (file) => {
    expect([...found].filter((line) => line.startsWith(`${file} `))).toEqual([])
  })
})

/** Biome's rule does not distinguish types from values, so these tests read the source. */
describe('values from protocol/', () => {
  const importsOf = (source: string) =>
    [...source.matchAll(/^(?:import|export) (?!type )[^'"]*?from '(#protocol\/[^']+)'/gms)].map(
      ([, from]) => from ?? '',
    )

  test.each([
    ['client-web', /^#protocol\/(limits\/wire|attachment-types|errors|email|visible-text)\.ts$/],
    ['db', /^#protocol\/limits\/(wire|server)\.ts$/],
  ])('%s imports only the allowed ones', (side, values) => {
    const files = globSync(`${side}/**/*.{ts,tsx}`, { cwd: root, exclude: ['client-web/dist*/**'] })
    expect(files.length).toBeGreaterThan(5)
    const rejected = files.flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'))
        .filter((from) => !values.test(from))
        .map((from) => `${file}: ${from}`),
    )
    expect(rejected).toEqual([])
  })

  test('modules that the browser imports do not import TypeBox', () => {
    for (const name of ['limits/wire', 'attachment-types', 'errors', 'email', 'visible-text']) {
      const source = readFileSync(join(root, 'protocol', `${name}.ts`), 'utf8')
      expect(source).not.toMatch(/^import (?!type )[^'"]*from '(typebox|\.{1,2}\/(schemas|requests|http)\.ts)'/m)
    }
  })

  test('the import reader finds a value among types', () => {
    expect(
      importsOf("import { type A, b } from '#protocol/http.ts'\nimport type { C } from '#protocol/http.ts'"),
    ).toEqual(['#protocol/http.ts'])
  })
})
