// A database or disk that cannot serve at the moment is never reported as an internal error.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import { databaseErrorCode } from '#db/core/errors.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createLog } from '../../server/process/log.ts'
import { asAppError } from '../../server/shared/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const driverError = (errno: number, message = 'said the server', more = {}) =>
  Object.assign(new Error(message), { errno, code: `ER_${errno}`, ...more })

describe('[HT34] [S28] a shortage on the database server is unavailable', () => {
  test.each([
    ['account quota (max_user_connections)', driverError(1226)],
    ['account connection limit', driverError(1203)],
    ['connections', driverError(1040)],
    ['lock wait timeout', driverError(1205)],
    ['deadlock', driverError(1213)],
    ['stale snapshot', driverError(1020)],
    ['disk', driverError(1021)],
    ['table full', driverError(1114)],
    ['disk full, reported by mysys', driverError(28)],
    [
      'disk full, reported by the storage engine',
      driverError(1030, 'Got error 28 "No space left on device" from storage engine InnoDB'),
    ],
    ['disk quota exceeded', driverError(1030, 'Got error 122 "Disk quota exceeded" from storage engine InnoDB')],
    [
      'disk full for a temporary file',
      driverError(1026, 'Error writing file \'/tmp/MYx\' (errno: 28 "No space left on device")'),
    ],
    ['disk full at commit', driverError(1180, 'Got error 28 during COMMIT')],
    ['read-only server (--read-only)', driverError(1290)],
    ['read-only mode', driverError(1836)],
    ['threads', driverError(1135)],
    ['memory', driverError(1041)],
    ['statement timeout, MariaDB', driverError(1969)],
    ['statement timeout, MySQL', driverError(3024)],
    ['killed connection', driverError(1927, 'Connection was killed', { fatal: true })],
  ])('%s', (_name, error) => {
    expect(databaseErrorCode(error)).toBe('unavailable')
    expect(asAppError(error)).toMatchObject({ code: 'unavailable' })
  })

  test.each([
    ['a column that does not exist', driverError(1054)],
    ['a duplicate key', driverError(1062)],
    ['a syntax error', driverError(1064)],
    ['another storage error', driverError(1030, 'Got error 127 "No record" from storage engine Aria')],
  ])('%s is internal', (_name, error) => {
    expect(asAppError(error).code).toBe('internal')
  })

  test.each(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS'])('%s of the system is unavailable', (code) => {
    expect(asAppError(Object.assign(new Error('write'), { code, errno: -28, syscall: 'write' })).code).toBe(
      'unavailable',
    )
  })

  test('a real account at its connection limit is unavailable', async () => {
    const user = `limited${process.pid}`
    await sql.raw(`CREATE USER ${user}@'%' IDENTIFIED BY '' WITH MAX_USER_CONNECTIONS 1`).execute(app.db)
    await sql.raw(`GRANT ALL ON *.* TO ${user}@'%'`).execute(app.db)
    const { address } = app.database
    const url = new URL('url' in address ? address.url : 'mysql://x')
    url.username = user
    url.password = ''
    const db = connectDatabase({ url: url.href })
    try {
      const { url: served } = await serve({ ...app, db })
      const login = () =>
        fetch(`${served}/api/v1/auth/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"username":"mei","password":"guess"}',
        })
      const statuses = new Set((await Promise.all(Array.from({ length: 20 }, login))).map(({ status }) => status))
      expect(statuses).toContain(503)
      expect(statuses).not.toContain(500)
    } finally {
      await db.destroy()
      await sql.raw(`DROP USER ${user}@'%'`).execute(app.db)
    }
  })

  test('a real lock wait timeout is unavailable', async () => {
    const admin = await app.newAgent({ role: 'admin' })
    const { body } = await admin.call('POST', '/sites', { name: 'Tea' })
    const { id } = body as { id: number }
    await app.db.transaction().execute(async (trx) => {
      await trx.selectFrom('sites').select('id').where('id', '=', id).forUpdate().execute()
      const answer = await admin.call('PATCH', `/sites/${id}`, { name: 'Coffee' })
      expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable', retryable: true } } })
    })
  })

  test('a full connection queue is overloaded', async () => {
    const db = connectDatabase(app.database.address, { connections: 1 })
    const waits = Array.from({ length: serverLimits.databaseQueue + 50 }, () =>
      sql`SELECT SLEEP(0.01)`.execute(db).catch((error) => error),
    )
    const failed = (await Promise.all(waits)).filter((outcome) => outcome instanceof Error)
    expect(failed.map((error) => asAppError(error).code)).toContain('overloaded')
    expect(failed.map((error) => asAppError(error).code)).not.toContain('internal')
    await db.destroy()
  })
})

describe('[HT24] [S20] a full disk', () => {
  test('makes /readyz unavailable', async () => {
    // The file system of /proc has no free block.
    const { url } = await serve(app, { config: { dataDir: '/proc' } })
    const answer = await fetch(`${url}/readyz`)
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'unavailable', message: 'The disk is full.' } })
  })

  test('is not reported for a folder that does not exist yet', async () => {
    const { url } = await serve(app, { config: { dataDir: '/nowhere/at/all' } })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })
})

test('[HT35] [S9] of failures of one kind the log has budgets.failureLogLines, then one line with how many it left out', async () => {
  let now = Date.now()
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const limited = await startTestApp({ rateLimits: true, now: () => now })
  try {
    const { url } = await serve(
      { ...limited, log },
      {
        add: (http) => {
          for (const path of ['/one', '/other']) {
            http.get(path, { config: { roles: 'public' } }, async () => {
              throw new TypeError('a fault')
            })
          }
        },
      },
    )
    const { count, windowMs } = budgets.failureLogLines
    const ask = async (path: string) => expect((await fetch(url + path)).status).toBe(500)
    for (let times = 0; times < count + 30; times++) await ask('/one')
    await ask('/other')
    const routes = () => lines.map((line) => JSON.parse(line).route).filter(Boolean)
    expect(routes()).toEqual([...Array(count).fill('/one'), '/other'])
    now += windowMs
    await ask('/one')
    expect(lines.map((line) => JSON.parse(line)).filter(({ suppressed }) => suppressed)).toMatchObject([
      { suppressed: 30 },
    ])
    expect(routes().at(-1)).toBe('/one')
  } finally {
    await limited.stop()
  }
})
