// Each check of who may do what, left out of a copy of the source, is missed by the matrix or by the test named for it. A few of them in
// `npm test`, all in `npm run test:long`.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { applyEdits, copySource, testParts, timesIn } from '../support/patched-source.ts'
import { isLongRun } from '../support/scale.ts'
import { type Removal, removals } from './mutations.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const matrix = 'tests/authorization/matrix.test.ts'
const some = ['whose conversation it is', 'the role that a socket request is for']
const tried = isLongRun ? Object.keys(removals) : some

async function withCopy<T>(removal: Removal, work: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'kefu-removal-'))
  try {
    copySource(source, copy, testParts)
    applyEdits(copy, [removal])
    return await work(copy)
  } finally {
    await rm(copy, { recursive: true })
  }
}

interface Results {
  numPassedTests: number
  numFailedTests: number
  testResults: { message: string; assertionResults: unknown[] }[]
}

/** What a test file says of a copy, on this run's database server. */
async function runTests(copy: string, file: string): Promise<Results> {
  const server = new URL(inject('testDatabaseServer'))
  server.pathname = '/test'
  const report = join(copy, 'results.json')
  const args = ['node_modules/vitest/vitest.mjs', 'run', file, '--retry=0', '--reporter=json', `--outputFile=${report}`]
  const said = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      args,
      { cwd: copy, env: { PATH: '/usr/bin:/bin:/usr/sbin', TEST_DATABASE_URL: server.href } },
      (_error, out, err) => resolve(out + err),
    ),
  )
  return JSON.parse(await readFile(report, 'utf8').catch(() => Promise.reject(new Error(said.slice(-3000)))))
}

describe('left out of the source', () => {
  it.each(tried)(
    '[T01] %s is missed',
    async (name) => {
      const removal = removals[name] as Removal
      const results = await withCopy(removal, (copy) => runTests(copy, removal.caughtBy ?? matrix))
      // A copy in which nothing works proves nothing.
      expect(results.testResults.map(({ message }) => message).filter(Boolean)).toEqual([])
      expect(results).toMatchObject({ numPassedTests: expect.any(Number), numFailedTests: expect.any(Number) })
      expect(results.numFailedTests).toBeGreaterThan(0)
      expect(results.numPassedTests).toBeGreaterThan(0)
    },
    120_000,
  )

  it('each still fits the source, once', () => {
    const misfits = Object.entries(removals).filter(([, { file, find }]) => timesIn(join(source, file), find) !== 1)
    expect(misfits.map(([name]) => name)).toEqual([])
  })
})
