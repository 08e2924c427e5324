// The benchmark runs through, with durations too short to mean anything: nothing here judges a time.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Results } from '../../bench/report.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['bench/run.ts', '--quick', ...args], { cwd: root })

test('a quick benchmark prints its figures and writes them as JSON', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kefu-bench-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'figures.json')
  const { stdout } = await bench('--only', 'saturation', '--seconds', '0.2', '--scale', '0.1', '--json', file)

  const { machine, parts, options } = JSON.parse(readFileSync(file, 'utf8')) as Results
  expect(machine.cores).toBeGreaterThan(0)
  expect(options.quick).toBe(true)
  expect(Object.keys(parts)).toEqual(['saturation'])
  const figures = parts.saturation ?? []
  for (const figure of figures) expect(stdout).toContain(figure.name)
  // Everything was measured: messages were acknowledged and told, on both sides and in each crowd.
  const rates = figures.filter(({ unit }) => unit === '/s')
  expect(rates.length).toBe(12)
  expect(rates.filter(({ value }) => !(value > 0))).toEqual([])
  const judged = figures.filter(({ target }) => target !== undefined)
  expect(judged.length).toBeGreaterThan(0)
  for (const { value, target, isMet } of judged) {
    expect(isMet).toBe(target && ('atLeast' in target ? value >= target.atLeast : value <= target.atMost))
  }
}, 60_000)

test('a part that is not there is refused, naming those that are', async () => {
  await expect(bench('--only', 'sturation')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no part sturation; there are saturation'),
  })
})
