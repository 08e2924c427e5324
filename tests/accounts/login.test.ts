// Logging in and out.

import { argon2id, hash } from 'argon2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { concurrentHashes, verifyPassword } from '../../server/auth/password.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { codeOf, logIn, newUser, password } from './logins.ts'

describe('logging in', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('returns a token and sets an HttpOnly cookie, with any letter case of the name [AU1]', async () => {
    const user = await newUser(app)
    const answer = await app.call('POST', '/auth/login', { username: user.username.toUpperCase(), password })
    expect(answer).toMatchObject({ status: 200, body: { expiresIn: limits.accessTokenMs / 1000, user } })
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/i)
    const { call, cookie } = await logIn(app, user.username)
    expect(await call('GET', '/me')).toMatchObject({ status: 200, body: user })
    expect(JSON.stringify(answer.body)).not.toContain(cookie.split('.')[1])
  })

  it('gives unknown, wrong and disabled logins the same error [AU2] [T16]', async () => {
    const user = await newUser(app)
    const disabled = await newUser(app)
    const olderMake = await app.newAgent()
    await app.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', disabled.id).execute()
    const tries = [
      { username: 'nobody', password },
      { username: user.username, password: `${password}!` },
      { username: disabled.username, password },
      { username: `agent${olderMake.id}`, password: 'none' },
    ]
    const answers = await Promise.all(tries.map((body) => app.call('POST', '/auth/login', body)))
    expect(answers.map(codeOf)).toEqual(tries.map(() => 'unauthorized'))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  it('stores no password and no token in plain text [AU1] [T34]', async () => {
    const user = await newUser(app)
    const { cookie } = await logIn(app, user.username)
    const row = await app.db
      .selectFrom('users')
      .innerJoin('login_sessions', 'login_sessions.user_id', 'users.id')
      .select(['password_hash', 'token_hash'])
      .where('users.id', '=', user.id)
      .executeTakeFirstOrThrow()
    expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
    expect(row.token_hash.toString('base64url')).not.toBe(cookie.split('.')[1])
  })

  it('ends the session and its connections on logout, and succeeds without a session [AU7] [T04]', async () => {
    const user = await newUser(app)
    const here = await logIn(app, user.username)
    const elsewhere = await logIn(app, user.username)
    const client = await connectClient(app.url, here.reply.token)
    const other = await connectClient(app.url, elsewhere.reply.token)
    const logout = (cookie: string) => app.call('POST', '/auth/logout', undefined, { cookie })
    expect((await logout(here.cookie)).status).toBe(204)
    expect(await client.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await here.call('GET', '/me'))).toBe('unauthorized')
    expect((await elsewhere.call('GET', '/me')).status).toBe(200)
    expect(other.socket.connected).toBe(true)
    expect((await logout(here.cookie)).status).toBe(204)
    expect((await app.call('POST', '/auth/logout')).status).toBe(204)
    client.close()
    other.close()
  })

  it('rehashes a password whose hash has older parameters [AU13]', async () => {
    const user = await newUser(app)
    const hashOf = () =>
      app.db.selectFrom('users').select('password_hash').where('id', '=', user.id).executeTakeFirstOrThrow()
    const older = await hash(password, { type: argon2id, memoryCost: 8192, timeCost: 1, parallelism: 1 })
    await app.db.updateTable('users').set({ password_hash: older }).where('id', '=', user.id).execute()
    await expect(logIn(app, user.username, 'wrong')).rejects.toThrow('401')
    expect((await hashOf()).password_hash).toBe(older)
    await logIn(app, user.username)
    const { password_hash: renewed } = await hashOf()
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
    await logIn(app, user.username)
    expect((await hashOf()).password_hash).toBe(renewed)
  })

  it('hashes a few passwords concurrently, queues a hundred and rejects the next [AU10] [T17]', async () => {
    const most = concurrentHashes + serverLimits.passwordHashQueue
    const tries = Array.from({ length: most + 1 }, () => verifyPassword(undefined, password))
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'overloaded' } })
    expect(outcomes.slice(0, most)).toEqual(Array(most).fill({ status: 'fulfilled', value: false }))
  })
})

describe('failed logins', () => {
  let app: TestApp
  let now = Date.now()
  beforeAll(async () => {
    app = await startTestApp({ rateLimits: true, now: () => now })
  })
  afterAll(() => app.stop())

  const { count, windowMs } = budgets.loginFailures
  const tryAs = (username: string, secret: string) =>
    app.call('POST', '/auth/login', { username, password: secret }).then((answer) => codeOf(answer) ?? 'ok')

  it('from one address or for one account lead to a wait, even with the right password [AU3] [T17]', async () => {
    const user = await newUser(app)
    expect(await tryAs(user.username, password)).toBe('ok')
    for (let i = 0; i < count; i++) expect(await tryAs(user.username, 'wrong')).toBe('unauthorized')
    const refused = await app.call('POST', '/auth/login', { username: user.username, password })
    expect(refused).toMatchObject({ status: 429, body: { error: { details: { retryAfterMs: windowMs / count } } } })
    const another = await newUser(app)
    expect(await tryAs(another.username, password)).toBe('rate_limited')
    now += windowMs / count
    expect(await tryAs(user.username, password)).toBe('ok')
  })

  it('for an account do not lock its owner out of a trusted device [AU11] [T17]', async () => {
    now += windowMs
    const [user, another] = [await newUser(app), await newUser(app)]
    const logInWith = (cookie: string, secret = password, { username } = user) =>
      app.call('POST', '/auth/login', { username, password: secret }, { cookie })
    const first = await logInWith('')
    const trusted = first.headers.getSetCookie().find((cookie) => cookie.startsWith('kefu_device=')) as string
    for (let i = 0; i < count; i++) await tryAs(user.username, 'wrong')
    expect(await tryAs(user.username, password)).toBe('rate_limited')
    expect((await logInWith(trusted)).status).toBe(200)
    // The trusted device has its own count. Another browser cannot use it.
    expect(codeOf(await logInWith(trusted, password, another))).toBe('rate_limited')
    for (const forged of [trusted.replace(/.;/, ';'), trusted.replace(/=\d+/, `=${another.id}`), 'kefu_device=1.2.3'])
      expect(codeOf(await logInWith(forged, password, forged.includes(`=${another.id}.`) ? another : user))).toBe(
        'rate_limited',
      )
    for (let i = 0; i < count; i++) expect(codeOf(await logInWith(trusted, 'wrong'))).toBe('unauthorized')
    expect(codeOf(await logInWith(trusted))).toBe('rate_limited')
  })

  it('sent concurrently allow no more guesses than sent one by one [AU3]', async () => {
    now += windowMs
    const user = await newUser(app)
    const guesses = Array.from({ length: count + 4 }, (_, i) => `guess ${i}`)
    const codes = await Promise.all(guesses.map((guess) => tryAs(user.username, guess)))
    expect(codes.filter((code) => code === 'unauthorized')).toHaveLength(count)
    expect(await tryAs(user.username, password)).toBe('rate_limited')
  })
})
