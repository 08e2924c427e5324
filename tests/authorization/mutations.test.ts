// Removes one check after another from a copy of the source: a test must fail. `npm test` tries a few, `npm run
// test:long` all.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { applyEdits, copySource, testParts } from '../support/patched-source.ts'
import { isLongRun } from '../support/scale.ts'
import { type Mutation, mutations } from './mutations.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const matrix = 'tests/authorization/matrix.test.ts'
const some = ['the owner check of conversations', 'the role check of socket requests']
const tried = isLongRun ? Object.keys(mutations) : some

async function withCopy<T>(mutation: Mutation, work: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'kefu-mutation-'))
  try {
    copySource(source, copy, testParts)
    applyEdits(copy, [mutation])
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

/** Runs a test file of the copy on this run's database server. */
async function runTests(copy: string, file: string): Promise<Results> {
  const server = new URL(inject('testDatabaseServer'))
  server.pathname = '/test'
  const report = join(copy, 'results.json')
  const args = ['node_modules/vitest/vitest.mjs', 'run', file, '--retry=0', '--reporter=json', `--outputFile=${report}`]
  const output = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      args,
      { cwd: copy, env: { PATH: '/usr/bin:/bin:/usr/sbin', TEST_DATABASE_URL: server.href } },
      (_error, out, err) => resolve(out + err),
    ),
  )
  return JSON.parse(await readFile(report, 'utf8').catch(() => Promise.reject(new Error(output.slice(-3000)))))
}

describe('A build of Kefu', () => {
  it.each(tried)(
    '[T01] fails a test without %s',
    async (name) => {
      const mutation = mutations[name] as Mutation
      const results = await withCopy(mutation, (copy) => runTests(copy, mutation.caughtBy ?? matrix))
      // A copy that does not start fails every test, which proves nothing.
      expect(results.testResults.map(({ message }) => message).filter(Boolean)).toEqual([])
      expect(results).toMatchObject({ numPassedTests: expect.any(Number), numFailedTests: expect.any(Number) })
      expect(results.numFailedTests).toBeGreaterThan(0)
      expect(results.numPassedTests).toBeGreaterThan(0)
    },
    120_000,
  )
})
