// The refresh token's cookie, and which calls may set and use it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { Config } from '../../server/process/config.ts'
import { setupCode } from '../../server/setup/first-admin.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { serve } from './serve.ts'

const mei = { username: 'mei', password: 'correct horse' }
let app: TestApp
/** The response of the setup call. */
let setUp: Response

const post = (url: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

beforeAll(async () => {
  app = await startTestApp()
  setUp = await post(app.url, '/setup', { ...mei, code: setupCode(app), siteName: 'Mist & Leaf' })
})
afterAll(() => app.stop())

/** The one cookie that was set under this name, with its attributes in alphabetical order. */
function cookieOf(answer: Response, wanted = 'kefu_refresh') {
  const cookies = answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${wanted}=`))
  expect(cookies).toHaveLength(1)
  const [pair = '', ...attributes] = (cookies[0] ?? '').split('; ')
  const [name, value = ''] = pair.split('=')
  return { name, value, pair, attributes: attributes.filter((one) => !one.startsWith('Expires=')).sort() }
}

const maxAge = `Max-Age=${limits.refreshSessionMs / 1000}`

describe("[HT12] [T09] the refresh token's cookie is hidden from scripts, other paths and other sites", () => {
  test('set by setup, login and refresh', async () => {
    expect(setUp.status).toBe(201)
    const login = await post(app.url, '/auth/login', mei)
    expect(login.status).toBe(200)
    const refresh = await post(app.url, '/auth/refresh', undefined, { cookie: cookieOf(login).pair })
    expect(refresh.status).toBe(200)
    for (const answer of [setUp, login, refresh]) {
      const { name, value, attributes } = cookieOf(answer)
      expect(name).toBe('kefu_refresh')
      expect(attributes).toEqual(['HttpOnly', maxAge, 'Path=/api/v1/auth', 'SameSite=Strict'])
      expect(await answer.text()).not.toContain(value)
    }
    expect(cookieOf(refresh).value).not.toBe(cookieOf(login).value)
  })

  test.each<[string, Partial<Config>, Record<string, string>, boolean]>([
    ['PUBLIC_URL is https', { publicUrl: 'https://chat.example.com' }, {}, true],
    ['a trusted proxy reports https', { trustedProxies: ['127.0.0.1'] }, { 'x-forwarded-proto': 'https' }, true],
    ['never when an untrusted peer says so', {}, { 'x-forwarded-proto': 'https' }, false],
  ])('Secure only when %s', async (_name, config, headers, secure) => {
    const { url } = await serve(app, { config })
    const prefix = secure ? '__Secure-' : ''
    const login = await post(url, '/auth/login', mei, headers)
    for (const name of ['kefu_refresh', 'kefu_device']) {
      expect(cookieOf(login, prefix + name).attributes.includes('Secure')).toBe(secure)
    }
    const { pair, value } = cookieOf(login, `${prefix}kefu_refresh`)
    const refreshed = (cookie: string) => post(url, '/auth/refresh', undefined, { ...headers, cookie })
    // Anybody without TLS could have set the cookie of the other name.
    const other = await refreshed(`${secure ? '' : '__Secure-'}kefu_refresh=${value}`)
    expect(other.status).toBe(401)
    expect(cookieOf(other, `${prefix}kefu_refresh`).value).toBe('')
    expect((await refreshed(pair)).status).toBe(200)
  })

  test('[AU11] and so is the cookie of a trusted device', async () => {
    const { attributes, pair } = cookieOf(await post(app.url, '/auth/login', mei), 'kefu_device')
    const longest = `Max-Age=${serverLimits.trustedDeviceMs / 1000}`
    expect(attributes).toEqual(['HttpOnly', longest, 'Path=/api/v1/auth', 'SameSite=Strict'])
    const again = await post(app.url, '/auth/login', mei, { cookie: pair })
    expect(again.headers.getSetCookie()).toHaveLength(1)
  })

  test('cleared by logout, which ends the session', async () => {
    const { pair } = cookieOf(await post(app.url, '/auth/login', mei))
    const logout = await post(app.url, '/auth/logout', undefined, { cookie: pair })
    expect(logout.status).toBe(204)
    expect(cookieOf(logout)).toMatchObject({ name: 'kefu_refresh', value: '' })
    expect(cookieOf(logout).attributes).toContain('Path=/api/v1/auth')
    expect((await post(app.url, '/auth/refresh', undefined, { cookie: pair })).status).toBe(401)
    expect((await post(app.url, '/auth/logout')).status).toBe(204)
  })

  test.each([
    ['none', undefined],
    ['a forged token', 'kefu_refresh=1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['rubbish', 'kefu_refresh=%%%'],
  ])('cleared by a rejected refresh: %s', async (_name, cookie) => {
    const answer = await post(app.url, '/auth/refresh', undefined, cookie === undefined ? {} : { cookie })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized' } })
    expect(cookieOf(answer)).toMatchObject({ name: 'kefu_refresh', value: '' })
  })
})

describe('[HT13] [T09] calls that set or use the cookie reject pages of other sites', () => {
  const calls: [path: string, body: unknown][] = [
    ['/auth/login', mei],
    ['/auth/refresh', undefined],
    ['/auth/logout', undefined],
    ['/setup', { ...mei, code: 'c', siteName: 's' }],
  ]

  test.each(calls)('%s', async (path, body) => {
    const { pair } = cookieOf(await post(app.url, '/auth/login', mei))
    for (const origin of ['https://evil.example', 'null', `${app.url}.evil.example`, 'https://shop.example']) {
      const answer = await post(app.url, path, body, { origin, cookie: pair })
      expect(answer.status, origin).toBe(403)
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    const own = await post(app.url, path, body, { origin: app.url, cookie: pair })
    expect(own.status).not.toBe(403)
  })

  test("with PUBLIC_URL only its origin is accepted, not Host's", async () => {
    const { url } = await serve(app, { config: { publicUrl: 'https://chat.example.com' } })
    expect((await post(url, '/auth/login', mei, { origin: 'https://chat.example.com' })).status).toBe(200)
    expect((await post(url, '/auth/login', mei, { origin: url })).status).toBe(403)
  })
})

test("[HT14] a site's appearance can be read by any origin and cached for a minute; nothing else can", async () => {
  const appearance = await fetch(`${app.url}/api/v1/widget/sites/${app.siteKey}`, {
    headers: { origin: 'https://shop.example' },
  })
  expect(appearance.headers.get('access-control-allow-origin')).toBe('*')
  expect(appearance.headers.get('cache-control')).toBe('public, max-age=60')
  expect(Object.keys((await appearance.json()) as object).sort()).toEqual(['color', 'greeting', 'name', 'position'])

  const nobody = await fetch(`${app.url}/api/v1/widget/sites/nobody`)
  expect(nobody.status).toBe(404)
  expect(nobody.headers.get('access-control-allow-origin')).toBe('*')
  expect(nobody.headers.get('cache-control')).toBe('no-store')
  for (const path of ['/api/v1/setup', '/healthz', '/api/v1/users']) {
    expect((await fetch(app.url + path)).headers.get('access-control-allow-origin')).toBeNull()
  }
})
