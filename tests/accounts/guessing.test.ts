// Password guessing, and locking others out by guessing.

import { hash } from 'argon2'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { comparableName } from '#db/core/comparable-name.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { concurrentHashes, verifyPassword } from '../../server/auth/password.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { codeOf, password } from './logins.ts'

const apps: TestApp[] = []
let app: TestApp
beforeEach(async () => {
  app = await startTestApp({ rateLimits: true, env: { TRUSTED_PROXIES: '127.0.0.1' } })
  apps.push(app)
})
afterAll(() => Promise.all(apps.map((each) => each.stop())))

const logInFrom = (address: string, username: string, secret: string, cookie = '') =>
  app.call('POST', '/auth/login', { username, password: secret }, { 'x-forwarded-for': address, cookie })
const tryFrom = async (address: string, username: string, secret = 'wrong') =>
  codeOf(await logInFrom(address, username, secret)) ?? 'ok'

async function newLogin(username: string): Promise<number> {
  const password_hash = await hash(password)
  const { insertId } = await app.db
    .insertInto('users')
    .values({ username, password_hash, role: 'agent', name: 'Mei' })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

const { count } = budgets.loginFailures

describe('spellings of one account name', () => {
  const spellings = [
    'admin',
    'admin ',
    'admin  ',
    'ADMIN',
    'Admin\u3000',
    '\uff41\uff44\uff4d\uff49\uff4e',
    ' admin',
    '\u00a0admin',
    'aDmIn\t',
    '\uff21dmin ',
  ]

  it('[AU20] [F9] share one failure count: ten failures in any spelling and from any address', async () => {
    await newLogin('admin')
    for (let i = 0; i < count; i++) {
      expect(await tryFrom(`203.0.113.${i}`, spellings[i % spellings.length] as string)).toBe('unauthorized')
    }
    for (const [i, spelling] of spellings.entries()) {
      expect(await tryFrom(`198.51.100.${i}`, spelling, password), JSON.stringify(spelling)).toBe('rate_limited')
    }
  })

  it('[AU20] [F9] share one failure count for a missing account too, so the limit reveals no account', async () => {
    for (let i = 0; i < count; i++) {
      expect(await tryFrom(`203.0.113.${i}`, spellings[i % spellings.length] as string)).toBe('unauthorized')
    }
    for (const spelling of spellings) expect(await tryFrom('198.51.100.1', spelling)).toBe('rate_limited')
  })

  it('[AU20] [F9] [US1] are one name: its owner logs in with each, and nobody else can register one', async () => {
    const id = await newLogin('mei')
    const admin = await app.newAgent({ role: 'admin' })
    for (const spelling of ['mei', 'MEI', 'mei  ', ' mei', '\uff4d\uff45\uff49']) {
      const answer = await logInFrom('203.0.113.9', spelling, password)
      expect(answer).toMatchObject({ status: 200, body: { user: { id } } })
      expect(comparableName(spelling)).toBe('mei')
    }
    const user = { username: '\uff2d\uff25\uff29', password: 'a good long one', name: 'Other', role: 'agent' }
    expect((await admin.call('POST', '/users', user)).status).toBe(409)
  })
})

describe('a full password queue', () => {
  it('[AU21] [S11] does not delay a login from a trusted device', { timeout: 120_000 }, async () => {
    await newLogin('mei')
    const first = await logInFrom('203.0.113.200', 'mei', password)
    const device = first.headers.getSetCookie().find((cookie) => cookie.startsWith('kefu_device=')) as string
    const waiting = Array.from({ length: concurrentHashes + serverLimits.passwordHashQueue }, () =>
      verifyPassword(undefined, password),
    )
    expect(await tryFrom('203.0.113.201', 'mei', password)).toBe('overloaded')
    for (let i = 0; i < 5; i++) {
      const answer = await logInFrom('203.0.113.202', 'mei', password, device)
      expect(answer.status).toBe(200)
    }
    await Promise.all(waiting)
  })

  it('[AU21] [S11] cannot be filled by one address: ten checks wait, the next is rejected immediately', async () => {
    const codes = await Promise.all(Array.from({ length: 40 }, (_, i) => tryFrom('203.0.113.1', `nobody${i}`)))
    expect(codes.filter((code) => code === 'unauthorized').length).toBeLessThanOrEqual(count)
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(40 - count)
    expect(await tryFrom('203.0.113.2', 'nobody')).toBe('unauthorized')
  })

  it('[AU21] [S11] cannot be filled by one /48', async () => {
    const from = (i: number) => `2001:db8:0:${i.toString(16)}::1`
    const codes = await Promise.all(Array.from({ length: 80 }, (_, i) => tryFrom(from(i), `nobody${i}`)))
    const { concurrent } = budgets.pendingLoginsPerNetwork
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThan(0)
    expect(codes).not.toContain('overloaded')
    expect(codes.filter((code) => code === 'unauthorized').length).toBeGreaterThanOrEqual(concurrent)
  })

  it('[AU21] rejects a caller over the rate before it looks up the account', async () => {
    for (let i = 0; i < count; i++) app.rates.count('loginFailures', 'address 203.0.113.3')
    expect(await tryFrom('203.0.113.3', 'anybody', password)).toBe('rate_limited')
  })
})

describe('addresses of one network', () => {
  it('[AU22] [S11] count as one within a /64 and together within a /48', async () => {
    for (let i = 0; i < count; i++) expect(await tryFrom(`2001:db8:5:1::${i + 1}`, `nobody${i}`)).toBe('unauthorized')
    expect(await tryFrom('2001:db8:5:1:9::1', 'somebody')).toBe('rate_limited')
    expect(await tryFrom('2001:db8:5:2::1', 'somebody')).toBe('unauthorized')
    for (let i = 0; i < budgets.loginFailuresPerNetwork.count; i++) {
      app.rates.count('loginFailuresPerNetwork', '2001:db8:5::/48')
    }
    expect(await tryFrom('2001:db8:5:3::1', 'somebody else')).toBe('rate_limited')
    expect(await tryFrom('2001:db8:6::1', 'somebody else')).toBe('unauthorized')
  })
})
