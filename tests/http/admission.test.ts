// How many requests a caller may make, and whose budget each one uses.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { type HttpReply, startTestApp, type TestApp } from '../support/app.ts'
import { get, openRaw, sendRaw } from './raw-http.ts'
import { folderOf, serve } from './serve.ts'

const rateLimited = { status: 429, body: { error: { code: 'rate_limited', retryable: true } } }
let now = Date.now()
let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, now: () => now })
})
afterAll(() => app.stop())

/** Each test starts with full budgets. */
const minutesLater = () => {
  now += 20 * 60_000
}

/** Repeats one call, 50 at a time. */
async function repeat(times: number, call: () => Promise<{ status: number }>): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  for (let done = 0; done < times; done += 50) {
    const calls = Array.from({ length: Math.min(50, times - done) }, call)
    for (const { status } of await Promise.all(calls)) statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  return statuses
}

describe('[HT9] [HT30] a call counts for the customer or agent of a valid token, else for its address', () => {
  test('customers behind one address have their own budgets while strangers there have none left', async () => {
    minutesLater()
    const [one, other, agent] = [await app.newCustomer(), await app.newCustomer(), await app.newAgent()]
    await repeat(budgets.httpRequestsPerAddress.count, () => app.call('GET', '/nowhere'))
    expect(await app.call('GET', '/nowhere')).toMatchObject(rateLimited)

    const calls = await repeat(budgets.httpRequestsPerCustomer.count, () => one.call('GET', '/conversations/999999'))
    expect([...calls.keys()]).not.toContain(429)
    expect(await one.call('GET', '/conversations/999999')).toMatchObject(rateLimited)
    expect((await other.call('GET', '/conversations/999999')).status).not.toBe(429)
    expect((await agent.call('GET', '/me')).status).toBe(200)
  })

  test('a token with a wrong signature counts for its address', async () => {
    minutesLater()
    const { token } = await app.newCustomer()
    const authorization = `Bearer ${token.slice(0, -4)}AAAA`
    await repeat(budgets.httpRequestsPerAddress.count, () =>
      app.call('GET', '/conversations/1', undefined, { authorization }),
    )
    expect(await app.call('GET', '/nowhere')).toMatchObject(rateLimited)
  })

  test('a token over its budget causes no database query', async () => {
    minutesLater()
    const { token } = await app.newAgent()
    const authorization = `Bearer ${token}`
    await repeat(budgets.httpRequestsPerAgent.count, () => app.call('GET', '/nowhere', undefined, { authorization }))
    const db = connectDatabase({ url: 'mysql://kefu@127.0.0.1:1/kefu' })
    const { url } = await serve({ ...app, db })
    expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(429)
    now += 1_000
    expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(503)
    await db.destroy()
  })
})

describe('[HT9] [HT30] F8: many people behind one address are not refused', () => {
  test('200 page views a minute from one office, each with its files and a returning customer', async () => {
    minutesLater()
    const { url } = await serve(app, {
      pages: await folderOf({ 'kefu.js': '1', 'widget/index.html': 'widget', 'assets/main-1a2b.js': '2' }),
    })
    const first = await app.call('POST', '/widget/session', { site: app.siteKey })
    const { token } = first.body as { token: string }
    const at = async (path: string) => ({ status: (await fetch(url + path)).status })
    const refused: string[] = []
    for (let view = 0; view < 200; view++) {
      const paths = [
        '/kefu.js',
        `/api/v1/widget/sites/${app.siteKey}`,
        `/widget/?site=${app.siteKey}`,
        '/assets/main-1a2b.js',
      ]
      const answers = await Promise.all(paths.map(at))
      refused.push(
        ...answers.map(({ status }, index) => `${status} ${paths[index]}`).filter((line) => !line.startsWith('200')),
      )
      now += 300
    }
    expect(refused).toEqual([])
    expect(token).toBeTruthy()
  })

  test('5,000 tabs that request their session and files in one moment are within the budgets', async () => {
    minutesLater()
    const { url } = await serve(app, { pages: await folderOf({ 'kefu.js': '1', 'widget/index.html': 'widget' }) })
    const logout = () =>
      fetch(`${url}/api/v1/widget/logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"resumeToken":"none"}',
      })
    expect([...(await repeat(5_000, logout)).keys()]).toEqual([204])
    expect([...(await repeat(1_000, () => fetch(`${url}/kefu.js`))).keys()]).toEqual([200])
    // None of it counted as a new session.
    expect([...(await repeat(500, () => app.call('GET', '/nowhere'))).keys()]).toEqual([404])
  })

  test('ADDRESS_LIMITS multiplies the budgets of an address and leaves those of a customer', async () => {
    const large = await startTestApp({ rateLimits: true, now: () => now, env: { ADDRESS_LIMITS: '2' } })
    const { count } = budgets.httpRequestsPerAddress
    expect([...(await repeat(2 * count, () => large.call('GET', '/nowhere'))).keys()]).toEqual([404])
    expect(await large.call('GET', '/nowhere')).toMatchObject(rateLimited)
    const customer = await large.newCustomer()
    await repeat(budgets.httpRequestsPerCustomer.count, () => customer.call('GET', '/conversations/999999'))
    expect(await customer.call('GET', '/conversations/999999')).toMatchObject(rateLimited)
    await large.stop()
  })
})

describe('[HT31] [S8] the matched route decides, however its path is spelled', () => {
  const spellings: [target: string, status: number][] = [
    ['/%61pi/v1/setup', 200],
    ['/api/%76%31/setup', 200],
    ['http://kefu.example/api/v1/setup', 200],
    ['HTTP://kefu.example/api/v1/setup', 200],
    ['//api/v1/setup', 404],
    ['/API/V1/setup', 404],
    ['/api%2Fv1%2Fsetup', 404],
    ['/api/v1/setup./', 404],
    ['/api/v1/./setup', 404],
    ['/api/v1/setup;x=1', 404],
    ['/api/v1/%zz', 400],
    [`/api/v1/widget/sites/${'k'.repeat(500)}`, 400],
    ['/nowhere', 404],
  ]

  test.each(spellings)('GET %s is not stored', async (target, status) => {
    minutesLater()
    const answer = await sendRaw(app.url, get(target))
    expect({ status: answer.status, cached: answer.headers['cache-control'] }).toEqual({ status, cached: 'no-store' })
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  test.each([['/%61pi/v1/users'], ['http://kefu.example/api/v1/users']])('GET %s requires a token', async (target) => {
    minutesLater()
    expect((await sendRaw(app.url, get(target))).status).toBe(401)
  })

  test('all spellings of a missing page share one budget', async () => {
    minutesLater()
    const counted = spellings.filter(([, status]) => status !== 200).map(([target]) => target)
    await repeat(budgets.httpRequestsPerAddress.count - counted.length, () => app.call('GET', '/nowhere'))
    for (const target of counted) expect((await sendRaw(app.url, get(target))).status, target).toBeLessThan(429)
    for (const target of counted) expect((await sendRaw(app.url, get(target))).status, target).toBe(429)
  })

  test.each([
    ['/readyz', 'probesPerAddress'],
    ['/console/', 'pageRequestsPerAddress'],
    ['/%61pi/v1/setup', 'pageRequestsPerAddress'],
    ['http://kefu.example/kefu.js', 'pageRequestsPerAddress'],
  ] as const)('GET %s has a rate, too: budgets.%s', async (target, name) => {
    minutesLater()
    const address = '127.0.0.1'
    for (let times = 0; times < budgets[name].count; times++) app.rates.count(name, address)
    expect((await sendRaw(app.url, get(target))).status).toBe(429)
  })
})

describe('[HT32] [S6] a caller that continues after refusals loses its connection', () => {
  test('past budgets.refusalsPerAddress each refusal closes the connection and is a violation; tokens still work', async () => {
    minutesLater()
    const customer = await app.newCustomer()
    const address = '127.0.0.1'
    for (let times = 0; times < budgets.httpRequestsPerAddress.count; times++) {
      app.rates.count('httpRequestsPerAddress', address)
    }
    for (let times = 0; times < budgets.refusalsPerAddress.count - 1; times++) {
      app.rates.count('refusalsPerAddress', address)
    }
    const patient = openRaw(app.url)
    patient.send(get('/nowhere'))
    await expect.poll(patient.answers).toBe(1)
    patient.send(get('/nowhere'))
    await patient.closed
    expect(patient.answers()).toBe(2)
    for (let times = 0; times < budgets.violationsPerAddress.count; times++) {
      expect((await sendRaw(app.url, get('/nowhere'))).headers.connection).toBe('close')
    }
    // Its rate has recovered; its violations have not.
    now += 2_000
    expect(await app.call('GET', '/nowhere')).toMatchObject(rateLimited)
    expect((await customer.call('GET', '/conversations/999999')).status).toBe(404)
    expect((await app.call('POST', '/widget/logout', { resumeToken: 'none' })).status).toBe(204)
  })
})

test('[HT9] a rate counts for the customer in every spelling of the path', async () => {
  minutesLater()
  const customer = await app.newCustomer()
  const { count } = budgets.httpRequestsPerCustomer
  for (let times = 0; times < count; times++) app.rates.count('httpRequestsPerCustomer', customer.id)
  const answer: HttpReply = await customer.call('GET', '/conversations/1')
  expect(answer).toMatchObject(rateLimited)
  expect(answer.headers.get('retry-after')).toBe('1')
})
