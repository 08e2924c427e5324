// The first admin and the first site.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SetupReply } from '#protocol/http.ts'
import { hashPassword } from '../../server/auth/password.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createFirstAdmin, ensureFirstAdmin, isSetupNeeded, setupCode } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { codeOf, cookieOf, logIn, password, refresh, requestDuringTransaction } from './logins.ts'

describe('setup', () => {
  let app: TestApp
  beforeEach(async () => {
    app = await startTestApp({ rateLimits: true })
    await app.db.deleteFrom('sites').execute()
  })
  afterEach(() => app.stop())

  const body = (changes: object = {}) => ({
    code: setupCode(app),
    username: 'Mei',
    password,
    siteName: '雾与叶',
    siteOrigin: 'https://shop.example:443',
    ...changes,
  })
  const setUp = (changes: object = {}) => app.call('POST', '/setup', body(changes))

  it('creates the admin and the site, and logs in [SU1]', async () => {
    expect((await app.call('GET', '/setup')).body).toEqual({ needed: true })
    const answer = await setUp()
    const { token, user, site } = answer.body as SetupReply
    expect(answer.status).toBe(201)
    expect(user).toMatchObject({ username: 'mei', name: 'Mei', role: 'admin' })
    expect(site).toMatchObject({ name: '雾与叶', origins: ['https://shop.example'] })
    expect(site.snippet).toContain(site.key)
    expect((await app.call('GET', '/sites', undefined, { authorization: `Bearer ${token}` })).body).toEqual({
      sites: [site],
    })
    expect((await refresh(app, cookieOf(answer))).status).toBe(200)
    await logIn(app, 'mei')
  })

  it('names an existing site instead of creating a second one [SU1]', async () => {
    await app.db.insertInto('sites').values({ site_key: 'there-already', name: 'My site', origins: '' }).execute()
    const { site } = (await setUp({ siteOrigin: undefined })).body as SetupReply
    expect(site).toMatchObject({ key: 'there-already', name: '雾与叶', origins: [] })
  })

  it.each<[string, string, { username?: string; siteName?: string }]>([
    ['a common password', 'Password1', {}],
    ['the username', 'Mei-the-first', { username: 'mei-the-first' }],
    ["the site's name", '雾与叶的小茶馆呀呀', { siteName: '雾与叶的小茶馆呀呀' }],
  ])('rejects this password: %s [US8]', async (_name, password, changes) => {
    const refused = { code: 'invalid_request', details: { path: '/password', reason: 'common_password' } }
    expect(await setUp({ password, ...changes })).toMatchObject({ status: 400, body: { error: refused } })
    const config = { ...app.config, adminUsername: 'mei-the-first' }
    if (changes.siteName === undefined) {
      const starting = ensureFirstAdmin({ ...app, config: { ...config, adminPassword: password } })
      await expect(starting).rejects.toThrow('ADMIN_PASSWORD')
    }
    expect(await isSetupNeeded(app)).toBe(true)
  })

  it('rejects a wrong code, and after a few attempts every code [SU2] [T17]', async () => {
    for (let i = 0; i < budgets.loginFailures.count; i++)
      expect(codeOf(await setUp({ code: `wrong${i}` }))).toBe('forbidden')
    expect(codeOf(await setUp())).toBe('rate_limited')
    expect(await isSetupNeeded(app)).toBe(true)
  })

  it('succeeds once when two requests race [SU3] [T34]', async () => {
    const answers = await Promise.all([
      setUp({ username: 'one' }),
      setUp({ username: 'two' }),
      setUp({ username: 'one' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409])
    expect((await app.call('GET', '/setup')).body).toEqual({ needed: false })
    expect(codeOf(await setUp({ username: 'three' }))).toBe('conflict')
    expect(await app.db.selectFrom('users').select('role').execute()).toEqual([{ role: 'admin' }])
    expect(await app.db.selectFrom('sites').select('name').execute()).toEqual([{ name: '雾与叶' }])
  })

  it('accepts a code issued under the old JWT_SECRET while that secret is in the list [AU9]', async () => {
    const shown = setupCode(app)
    const later = await startTestApp({ restartOf: app, jwtSecrets: ['n'.repeat(40), ...app.jwtSecrets] })
    expect(setupCode(later)).not.toBe(shown)
    expect((await later.call('POST', '/setup', body({ code: shown }))).status).toBe(201)
    expect((await later.call('POST', '/setup', body({ code: shown, username: 'again' }))).status).toBe(409)
    await later.stop()
  })

  it('waits for a concurrent setup and is then rejected [SU3]', async () => {
    const admin = { username: 'first', passwordHash: await hashPassword(password) }
    const late = await requestDuringTransaction(
      app,
      (trx) => createFirstAdmin(trx, admin),
      () => setUp({ username: 'second' }),
    )
    expect(codeOf(late)).toBe('conflict')
    expect(await app.db.selectFrom('users').select('username').execute()).toEqual([{ username: 'first' }])
  })

  it('runs unattended with ADMIN_PASSWORD, once for any number of nodes [SU4]', async () => {
    await ensureFirstAdmin(app)
    expect(await isSetupNeeded(app)).toBe(true)
    const unattended = { ...app, config: { ...app.config, adminUsername: 'Boss', adminPassword: password } }
    await Promise.all([ensureFirstAdmin(unattended), ensureFirstAdmin(unattended)])
    await ensureFirstAdmin({ ...unattended, config: { ...unattended.config, adminPassword: 'another password' } })
    expect((await logIn(app, 'boss')).reply.user).toMatchObject({ name: 'Boss', role: 'admin' })
    expect(await app.db.selectFrom('sites').select('name').execute()).toEqual([{ name: 'Kefu' }])
  })
})
