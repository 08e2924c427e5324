// npm run test:long: the full runs, each a program of its own that exits with 1 on a failure.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const anySeed = () => String(Math.floor(Math.random() * 1e9))

const runs: string[][] = [
  ...[
    ['--nodes', '1'],
    ['--nodes', '2'],
    ['--workers', '2'],
  ].flatMap((servers) =>
    ['1', anySeed(), anySeed(), anySeed()].map((seed) => {
      return ['tests/chaos/run.ts', '--faults', '120', ...servers, '--seed', seed]
    }),
  ),
  ['tests/chaos/run.ts', '--sabotage', 'all'],
  ['tests/chaos/run.ts', '--stall', '60'],
  [
    'node_modules/.bin/vitest',
    'run',
    '--mode',
    'long',
    'tests/fuzz',
    'tests/browser/hostile-strings',
    'tests/operations/killed-in-sends',
  ],
  ['node_modules/.bin/vitest', 'run', '--mode', 'long', 'tests/failover'],
  ['node_modules/.bin/vitest', 'run', '--mode', 'long', 'tests/authorization/interleavings'],
  ['node_modules/.bin/vitest', 'run', '--mode', 'long', 'tests/accounts/token-interleavings'],
  ['node_modules/.bin/vitest', 'run', '--mode', 'long', 'tests/authorization/removals'],
]

const failed = runs.filter((run) => {
  process.stdout.write(`\n${run.join(' ')}\n`)
  return spawnSync(process.execPath, run, { cwd: root, stdio: 'inherit' }).status !== 0
})
process.stdout.write(`\n${runs.length - failed.length} passed, ${failed.length} failed\n`)
for (const run of failed) process.stdout.write(`  ${run.join(' ')}\n`)
process.exitCode = failed.length > 0 ? 1 : 0
