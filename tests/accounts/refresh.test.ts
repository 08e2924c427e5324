// Staying logged in: refresh tokens rotate, lost replies can be repeated, and copied tokens are detected.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginReply } from '#protocol/http.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { refresh as refreshUnder } from '../../server/auth/refresh.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { ageRotation, codeOf, cookieOf, logIn, newUser, refresh } from './logins.ts'

const minute = 60_000

describe('refreshing', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('returns a new token and replaces the refresh token every time [AU4]', async () => {
    const user = await newUser(app)
    const seen: string[] = []
    let { cookie } = await logIn(app, user.username)
    for (let i = 0; i < 3; i++) {
      seen.push(cookie)
      const answer = await refresh(app, cookie)
      expect(answer).toMatchObject({ status: 200, body: { user } })
      const { token } = answer.body as LoginReply
      expect((await app.call('GET', '/me', undefined, { authorization: `Bearer ${token}` })).status).toBe(200)
      cookie = cookieOf(answer)
    }
    expect(new Set([...seen, cookie]).size).toBe(4)
  })

  it('returns the same successor to two concurrent tabs and after a lost reply [AU4]', async () => {
    const { cookie } = await logIn(app, (await newUser(app)).username)
    const both = await Promise.all([refresh(app, cookie), refresh(app, cookie)])
    const again = await refresh(app, cookie)
    expect([...both, again].map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set([...both, again].map(cookieOf)).size).toBe(1)
    expect((await refresh(app, cookieOf(again))).status).toBe(200)
  })

  it('with a token whose successor was used ends the session and its connections after the grace period [AU5] [T04]', async () => {
    const user = await newUser(app)
    const { cookie: stolen, reply } = await logIn(app, user.username)
    const client = await connectClient(app.url, reply.token)
    const current = cookieOf(await refresh(app, cookieOf(await refresh(app, stolen))))
    await ageRotation(app, user.id, limits.refreshGraceMs + 1000)
    expect(codeOf(await refresh(app, stolen))).toBe('unauthorized')
    expect(await client.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await refresh(app, current))).toBe('unauthorized')
    client.close()
  })

  it('with the previous token within the grace period ends nothing [AU5]', async () => {
    const user = await newUser(app)
    const { cookie } = await logIn(app, user.username)
    const current = cookieOf(await refresh(app, cookie))
    await ageRotation(app, user.id, limits.refreshGraceMs - 5000)
    expect(cookieOf(await refresh(app, cookie))).toBe(current)
  })

  it('[AU4] [F1] with any of the last tokens within the grace period gets the current one', async () => {
    const { cookie: first } = await logIn(app, (await newUser(app)).username)
    const cookies = [first]
    for (let tab = 0; tab < 20; tab++) {
      cookies.push(cookieOf(await refresh(app, cookies.at(-1) as string)))
      for (const late of cookies.slice(0, -1)) expect(cookieOf(await refresh(app, late))).toBe(cookies.at(-1))
      // The session remembers no more: it keeps its token instead of forgetting one that a tab may hold.
      if (cookies.at(-1) === cookies.at(-2)) break
    }
    expect(new Set(cookies).size).toBe(serverLimits.formerTokens + 2)
  })

  it('[AU4] [F1] after a lost reply keeps the login, however late the browser comes back', async () => {
    const user = await newUser(app)
    const { cookie } = await logIn(app, user.username)
    const lost = cookieOf(await refresh(app, cookie))
    await ageRotation(app, user.id, 12 * 3600_000)
    const next = cookieOf(await refresh(app, cookie))
    expect(cookieOf(await refresh(app, cookie))).toBe(next)
    expect(next).not.toBe(lost)
    expect((await refresh(app, next)).status).toBe(200)
  })

  it('[AU5] [T04] with a stolen previous token ends the session when the other holder comes', async () => {
    const user = await newUser(app)
    const { cookie: stolen } = await logIn(app, user.username)
    const owned = cookieOf(await refresh(app, stolen))
    await ageRotation(app, user.id, limits.refreshGraceMs + 1000)
    const taken = cookieOf(await refresh(app, stolen))
    await ageRotation(app, user.id, limits.refreshGraceMs + 1000)
    expect(codeOf(await refresh(app, owned))).toBe('unauthorized')
    expect(codeOf(await refresh(app, taken))).toBe('unauthorized')
  })

  it('with any other token is rejected and changes nothing [AU6]', async () => {
    const user = await newUser(app)
    const { cookie: oldest } = await logIn(app, user.username)
    const current = cookieOf(await refresh(app, cookieOf(await refresh(app, oldest))))
    const [id] = current.split('=')[1]?.split('.') ?? []
    const bad = [
      'kefu_refresh=',
      'kefu_refresh=rubbish',
      `kefu_refresh=${id}.`,
      `kefu_refresh=${id}.${'A'.repeat(43)}`,
      `kefu_refresh=999999.${'A'.repeat(43)}`,
    ]
    for (const cookie of bad) expect(codeOf(await refresh(app, cookie)), cookie).toBe('unauthorized')
    expect(codeOf(await app.call('POST', '/auth/refresh'))).toBe('unauthorized')
    expect((await refresh(app, current)).status).toBe(200)
  })

  it('is rejected after the session expired or the user was disabled [AU6]', async () => {
    const expired = await newUser(app)
    const disabled = await newUser(app)
    const [first, second] = [await logIn(app, expired.username), await logIn(app, disabled.username)]
    const past = new Date(Date.now() - minute)
    await app.db.updateTable('login_sessions').set({ expires_at: past }).where('user_id', '=', expired.id).execute()
    await app.db.updateTable('users').set({ disabled_at: past }).where('id', '=', disabled.id).execute()
    expect(codeOf(await refresh(app, first.cookie))).toBe('unauthorized')
    expect(codeOf(await refresh(app, second.cookie))).toBe('unauthorized')
    expect(codeOf(await first.call('GET', '/me'))).toBe('unauthorized')
    expect(codeOf(await second.call('GET', '/me'))).toBe('unauthorized')
  })

  it('works under a new signing secret, also after a lost reply [AU9]', async () => {
    const { cookie } = await logIn(app, (await newUser(app)).username)
    const token = cookie.split('=')[1]
    const { refreshToken } = await refreshUnder(app, token)
    const rotated = { ...app, jwtSecrets: ['n'.repeat(40), ...app.jwtSecrets] }
    expect((await refreshUnder(rotated, token)).refreshToken).toBe(refreshToken)
    const { refreshToken: next } = await refreshUnder(rotated, refreshToken)
    expect((await refreshUnder(rotated, refreshToken)).refreshToken).toBe(next)
  })
})
