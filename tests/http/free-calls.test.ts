// Public calls that query the database: the number of queries does not grow with the number of calls.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { folderOf, serve } from './serve.ts'

let app: TestApp
let pages: (db: Database) => Promise<string>

beforeAll(async () => {
  app = await startTestApp()
  pages = async (db) => {
    const folder = await folderOf({ 'widget/index.html': 'widget', 'demo/index.html': 'demo' })
    return (await serve({ ...app, db }, { pages: folder })).url
  }
})
afterAll(() => app.stop())

/** A database that counts its statements and the maximum of concurrent ones. */
function countingDatabase(): { db: Database; statements: string[]; maxConcurrent(): number } {
  const statements: string[] = []
  let [concurrent, maxConcurrent] = [0, 0]
  const db = app.db.withPlugin({
    transformQuery({ node }) {
      statements.push(node.kind)
      concurrent += 1
      maxConcurrent = Math.max(maxConcurrent, concurrent)
      return node
    },
    async transformResult({ result }) {
      concurrent -= 1
      return result
    },
  })
  return { db, statements, maxConcurrent: () => maxConcurrent }
}

async function times<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)))
}

describe('[HT33] [S9] a public call queries the database once per half second', () => {
  test.each([
    ['/readyz', 200],
    ['/widget/?site=nobody', 200],
    ['/widget/', 200],
    ['/api/v1/widget/sites/nobody', 404],
    ['/api/v1/widget/sites/default', 200],
    ['/api/v1/setup', 200],
    ['/demo/', 200],
  ])('100 times GET %s: %i each', async (path, status) => {
    const { db, statements } = countingDatabase()
    const url = await pages(db)
    const startedAt = performance.now()
    const statuses = new Set(await times(100, async () => (await fetch(url + path)).status))
    const periods = Math.ceil((performance.now() - startedAt) / serverLimits.cachedReplyMs)
    expect([...statuses]).toEqual([status])
    expect(statements.length).toBeLessThanOrEqual(periods + 1)
  })

  test('200 unknown site keys are looked up in batches, one statement at a time', async () => {
    const { db, maxConcurrent } = countingDatabase()
    const url = await pages(db)
    const statuses = new Set(await times(200, async (key) => (await fetch(`${url}/widget/?site=no-${key}`)).status))
    expect([...statuses]).toEqual([200])
    expect(maxConcurrent()).toBe(1)
  })

  test('a failure is cached too, so a failing database gets no extra queries', async () => {
    const db = connectDatabase({ url: 'mysql://kefu@127.0.0.1:1/kefu' })
    const url = await pages(db)
    for (const path of ['/readyz', '/widget/?site=x', '/api/v1/widget/sites/x', '/api/v1/setup']) {
      const answers = await times(50, async () => (await fetch(url + path)).json())
      const codes = new Set(answers.map((answer) => (answer as { error: { code: string } }).error.code))
      expect([...codes], path).toEqual(['unavailable'])
    }
    await db.destroy()
  })

  test('a site change is visible immediately on its own node and elsewhere within half a second', async () => {
    const admin = await app.newAgent({ role: 'admin' })
    const elsewhere = await pages(app.db.withSchema((await schemaOf(app.db)) as string))
    const { body } = await admin.call('POST', '/sites', { name: 'Tea' })
    const { id, key } = body as { id: number; key: string }
    const nameAt = async (url: string) =>
      ((await (await fetch(`${url}/api/v1/widget/sites/${key}`)).json()) as { name: string }).name
    expect([await nameAt(app.url), await nameAt(elsewhere)]).toEqual(['Tea', 'Tea'])
    await admin.call('PATCH', `/sites/${id}`, { name: 'Coffee' })
    expect(await nameAt(app.url)).toBe('Coffee')
    await expect.poll(() => nameAt(elsewhere), { timeout: 4 * serverLimits.cachedReplyMs }).toBe('Coffee')
  })
})

async function schemaOf(db: Database): Promise<string | undefined> {
  const { rows } = await sql<{ name: string }>`SELECT DATABASE() AS name`.execute(db)
  return rows[0]?.name
}
