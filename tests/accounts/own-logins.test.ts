// People list their own login sessions and end them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginSession } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { codeOf, type LoggedIn, logIn, newUser, password, refresh } from './logins.ts'

describe('own login sessions', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  const list = async ({ call }: LoggedIn) =>
    ((await call('GET', '/me/sessions')).body as { sessions: LoginSession[] }).sessions

  it('are listed with their browser, most recently used first, without those of others [AU12]', async () => {
    const user = await newUser(app)
    await logIn(app, (await newUser(app)).username)
    const first = await logIn(app, user.username)
    const agent = `Mozilla/5.0 \u00e9${'x'.repeat(300)}`
    await app.call('POST', '/auth/login', { username: user.username, password }, { 'user-agent': agent })
    const third = await logIn(app, user.username)
    await refresh(app, first.cookie)
    const sessions = await list(third)
    expect(sessions.map(({ isCurrent }) => isCurrent)).toEqual([false, true, false])
    expect(sessions[2]?.userAgent).toBe(`Mozilla/5.0 ${'x'.repeat(300)}`.slice(0, serverLimits.userAgentLength))
    const [latest] = sessions
    expect(Date.parse(latest?.lastSeen ?? '')).toBeGreaterThan(Date.parse(latest?.createdAt ?? ''))
    expect(JSON.stringify(sessions)).not.toMatch(/hash|token/)
  })

  it('can be ended one by one or all but the current one, together with their connections [AU12] [T04]', async () => {
    const user = await newUser(app)
    const [mine, other, third] = [
      await logIn(app, user.username),
      await logIn(app, user.username),
      await logIn(app, user.username),
    ]
    const clients = await Promise.all([mine, other, third].map(({ reply }) => connectClient(app.url, reply.token)))
    const [stays, ended, endedToo] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]]
    const stranger = await logIn(app, (await newUser(app)).username)
    const otherId = (await list(other)).find(({ isCurrent }) => isCurrent)?.id
    expect(codeOf(await stranger.call('DELETE', `/me/sessions/${otherId}`))).toBe('not_found')
    expect((await mine.call('DELETE', `/me/sessions/${otherId}`)).status).toBe(204)
    expect(await ended.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await refresh(app, other.cookie))).toBe('unauthorized')
    expect(codeOf(await mine.call('DELETE', `/me/sessions/${otherId}`))).toBe('not_found')
    expect((await third.call('GET', '/me')).status).toBe(200)
    expect((await mine.call('DELETE', '/me/sessions')).status).toBe(204)
    expect(await endedToo.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await third.call('GET', '/me'))).toBe('unauthorized')
    expect(await list(mine)).toHaveLength(1)
    expect((await stranger.call('GET', '/me')).status).toBe(200)
    await stays.request('agent:list', {})
    for (const client of clients) client.close()
  })
})
