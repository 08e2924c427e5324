// Every failure, however early, has one shape.

import { connect } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import { type ErrorCode, errorCodes } from '#protocol/errors.ts'
import { limits } from '#protocol/limits/wire.ts'
import { createLog } from '../../server/process/log.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createTestDatabase } from '../support/database.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

async function expectFailure(answer: Response, code: ErrorCode, details?: Record<string, unknown>): Promise<void> {
  const body = (await answer.json()) as { error: unknown }
  expect(body).toEqual({
    error: {
      code,
      message: expect.stringMatching(/\S/),
      retryable: errorCodes[code].retryable,
      ...(details ? { details } : {}),
    },
  })
  expect(answer.status).toBe(errorCodes[code].status)
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(answer.headers.get('cache-control')).toBe('no-store')
}

const post = (body: string, type = 'application/json') =>
  fetch(`${app.url}/api/v1/auth/login`, { method: 'POST', headers: { 'content-type': type }, body })

describe('[HT1] every failure has the status of its code and one shape', () => {
  test.each([
    ['a path that does not exist', 'GET', '/nowhere'],
    ['a call that does not exist', 'GET', '/api/v1/nowhere'],
    ['a method that a call does not support', 'DELETE', '/api/v1/users'],
    ['a file that does not exist', 'GET', '/assets/nothing-12345.js'],
  ])('%s is not_found', async (_name, method, path) => {
    await expectFailure(await fetch(app.url + path, { method }), 'not_found')
  })

  test.each([
    ['a path that cannot be decoded', '/api/v1/users/%zz'],
    ['a parameter that is too long', `/api/v1/widget/sites/${'k'.repeat(2000)}`],
  ])('%s is invalid_request', async (_name, path) => {
    await expectFailure(await fetch(app.url + path), 'invalid_request')
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n', '400', 'invalid_request'],
    ['oversized headers', `GET / HTTP/1.1\r\nHost: kefu\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, '413', 'too_large'],
  ])('%s gets the same shape', async (_name, text, status, code) => {
    const answer = await sendRaw(text)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toContain(`HTTP/1.1 ${status} `)
    expect(JSON.parse(body)).toMatchObject({ error: { code, retryable: false } })
  })
})

function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text))
    socket.on('data', (part) => {
      answer += part
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('[HT2] a body must be JSON', () => {
  test.each([
    ['cut off', '{"username":"mei","password":'],
    ['empty', ''],
    ['with __proto__', '{"username":"mei","password":"p","__proto__":{"isAdmin":true}}'],
    ['with constructor.prototype', '{"username":"mei","password":"p","constructor":{"prototype":{"isAdmin":true}}}'],
  ])('%s: invalid_request', async (_name, body) => {
    await expectFailure(await post(body), 'invalid_request')
    expect({}).not.toHaveProperty('isAdmin')
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/html'])(
    'as %s: invalid_request',
    async (type) => {
      await expectFailure(await post('{"username":"mei","password":"p"}', type), 'invalid_request')
    },
  )
})

describe('[HT3] a body that does not match its schema is rejected unchanged, with the path of the first error', () => {
  test.each([
    ['an unknown key', { username: 'mei', password: 'p', role: 'admin' }, '/role'],
    ['a missing key', { username: 'mei' }, '/password'],
    ['a number instead of a string (no coercion)', { username: 5, password: 'p' }, '/username'],
    ['null instead of a string', { username: 'mei', password: null }, '/password'],
    ['a list', [], ''],
    ['null', null, ''],
  ])('%s', async (_name, body, path) => {
    await expectFailure(await post(JSON.stringify(body)), 'invalid_request', { path })
  })

  test('nested deeper than any request', async () => {
    const answer = await post(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    expect(await answer.clone().json()).toMatchObject({ error: { message: 'The request is nested too deep.' } })
    await expectFailure(answer, 'invalid_request', { path: '' })
  })

  test.each([
    ['an object', `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
    ['a list', `[${'1,'.repeat(5_000)}1]`],
  ])('%s with more entries than any request', async (_name, body) => {
    const answer = await post(body)
    expect(await answer.clone().json()).toMatchObject({ error: { message: 'The request has too many entries.' } })
    await expectFailure(answer, 'invalid_request', { path: '' })
  })

  test.each([
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=1.5', '/limit'],
    ['limit=1&limit=2', '/limit'],
    ['view=everything', '/view'],
    ['sort=name', '/sort'],
  ])('in a query: %s', async (query, path) => {
    const agent = await app.newAgent()
    const answer = await agent.call('GET', `/conversations?${query}`)
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_request', details: { path } } } })
  })

  test.each(['0', '-1', '1e3', 'abc', '9999999999999999'])('in a path: the id %s', async (id) => {
    const agent = await app.newAgent()
    const answer = await agent.call('GET', `/conversations/${id}`)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', details: { path: '/id' } } },
    })
  })
})

describe('[HT4] a request may be limits.requestBytes', () => {
  const body = (bytes: number) => `{"username":"${'u'.repeat(bytes - '{"username":""}'.length)}"}`

  test('and is read at exactly that size', async () => {
    await expectFailure(await post(body(limits.requestBytes)), 'invalid_request', { path: '/password' })
  })

  test('and is too_large one byte later', async () => {
    await expectFailure(await post(body(limits.requestBytes + 1)), 'too_large', { limit: limits.requestBytes })
  })
})

test('[HT5] [T25] an unexpected failure is internal; the log has the stack but nothing of the request', async () => {
  const lines: string[] = []
  const database = await createTestDatabase()
  const db = connectDatabase(database.address)
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const { url } = await serve({ ...app, db, log })
  await sql`DROP TABLE login_sessions`.execute(db)
  await sql`ALTER TABLE users DROP COLUMN password_hash`.execute(db)

  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer secret-token' },
    body: JSON.stringify({ username: 'secret-name', password: 'secret-password' }),
  })
  await expectFailure(answer, 'internal')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    method: 'POST',
    route: '/api/v1/auth/login',
    err: { errno: 1054 },
  })
  expect(lines[0]).not.toMatch(/secret|127\.0\.0\.1/)
  await db.destroy()
})

test('[HT5] a successful request logs nothing at info', async () => {
  const lines: string[] = []
  const { url } = await serve({ ...app, log: createLog('info', { write: (line) => void lines.push(line) }) })
  for (const path of ['/healthz', '/api/v1/users', '/nowhere']) await (await fetch(url + path)).text()
  expect(lines).toEqual([])
})
