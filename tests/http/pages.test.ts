// Pages and files: their content policy, who may frame them, and how long they are cached.

import { get } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { folderOf, serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const script = `console.log(${JSON.stringify('kefu'.repeat(500))})`
const built = () =>
  folderOf({
    'console/index.html': '<title>Console</title>',
    'widget/index.html': '<title>Widget</title>',
    'demo/index.html': '<title>Demo</title>',
    'setup/index.html': '<title>Setup</title>',
    'kefu.js': script,
    'assets/main-1a2b.js': script,
    'assets/main-1a2b.js.gz': gzipSync(script),
    '.stamp': 'secret of the build',
  })

const policyOf = (answer: Response) =>
  Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '').split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(' ')
      return [name, values.join(' ')]
    }),
  )

describe('[HT15] every response has security headers', () => {
  test('an API response allows nothing', async () => {
    const answer = await fetch(`${app.url}/api/v1/users`)
    expect(policyOf(answer)).toEqual({
      'default-src': "'none'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
    })
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('referrer-policy')).toBe('same-origin')
    expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('strict-transport-security')).toBeNull()
    expect(answer.headers.get('x-powered-by')).toBeNull()
  })

  test('Strict-Transport-Security is sent only when PUBLIC_URL is https', async () => {
    const plain = await serve(app, { config: { publicUrl: 'http://chat.example.com' } })
    const safe = await serve(app, { config: { publicUrl: 'https://chat.example.com' } })
    const header = async (url: string) => (await fetch(`${url}/healthz`)).headers.get('strict-transport-security')
    expect(await header(plain.url)).toBeNull()
    expect(await header(safe.url)).toBe('max-age=31536000')
  })
})

describe("[HT16] [T21] pages run only Kefu's files, and only the widget may be framed, by its site", () => {
  test.each(['/console/', '/console/conversations/7', '/setup', '/demo/'])('%s', async (path) => {
    const { url } = await serve(app, { pages: await built() })
    const policy = policyOf(await fetch(url + path))
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'connect-src': "'self'",
      'frame-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    })
    expect(JSON.stringify(policy)).not.toContain('unsafe')
  })

  test("/widget/ may be framed by Kefu's pages and its site's origins", async () => {
    const { url } = await serve(app, { pages: await built() })
    const answer = await fetch(`${url}/widget/?site=${app.siteKey}`)
    expect(policyOf(answer)).toMatchObject({
      'script-src': "'self'",
      'require-trusted-types-for': "'script'",
      'frame-ancestors': "'self' https://shop.example",
    })
    expect(answer.headers.get('x-frame-options')).toBeNull()
    expect(await answer.text()).toContain('Widget')
  })

  test("/widget/ of an unknown site may be framed by Kefu's pages alone", async () => {
    const { url } = await serve(app, { pages: await built() })
    expect(policyOf(await fetch(`${url}/widget/?site=nobody`))['frame-ancestors']).toBe("'self'")
  })
})

/** fetch() would bypass the cache. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (answer) => resolve(answer.resume().statusCode)).on('error', reject)
  })
}

describe('[HT17] cache lifetimes', () => {
  test('pages are revalidated, and get a short response when unchanged', async () => {
    const { url } = await serve(app, { pages: await built() })
    const first = await fetch(`${url}/console/`)
    expect(first.headers.get('cache-control')).toBe('no-cache')
    expect(await statusOf(`${url}/console/`, { 'if-none-match': first.headers.get('etag') ?? 'none' })).toBe(304)
  })

  test('the loader is cached for five minutes, then revalidated by ETag; any site may load it', async () => {
    const { url } = await serve(app, { pages: await built() })
    const answer = await fetch(`${url}/kefu.js`)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
    expect(answer.headers.get('etag')).toBeTruthy()
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(answer.headers.get('content-type')).toMatch(/^(text|application)\/javascript/)
  })

  test('/assets/ is cached forever, and served compressed if the build compressed it', async () => {
    const { url } = await serve(app, { pages: await built() })
    const answer = await fetch(`${url}/assets/main-1a2b.js`, { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('vary')).toContain('accept-encoding')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(await answer.text()).toBe(script)
  })

  test.each(['/.stamp', '/assets/..%2f.stamp', '/assets/%2e%2e/.stamp', '/assets/.hidden', '/console/index.html.gz'])(
    '[T13] %s is not served as a file',
    async (path) => {
      const { url } = await serve(app, { pages: await built() })
      expect(await (await fetch(url + path)).text()).not.toContain('secret of the build')
    },
  )
})

test('[HT18] without built pages, page requests get 503 and the API works', async () => {
  const { url } = await serve(app, { pages: '/nowhere/at/all' })
  for (const path of ['/console/', '/demo/', '/setup', '/widget/']) {
    const answer = await fetch(url + path)
    expect(answer.status, path).toBe(503)
    expect(await answer.text()).toContain('npm start')
  }
  expect((await fetch(`${url}/kefu.js`)).status).toBe(404)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('[HT19] / redirects to the console', async () => {
  const answer = await fetch(`${app.url}/`, { redirect: 'manual' })
  expect(answer.status).toBe(302)
  expect(answer.headers.get('location')).toBe('/console/')
})

describe('[HT41] [S32] the demo shop', () => {
  /** A caller on another machine, as the server sees it. */
  const elsewhere = { headers: { 'x-forwarded-for': '203.0.113.9' } }
  const statuses = (url: string, init = {}) =>
    Promise.all(['/demo/', '/demo'].map(async (path) => (await fetch(url + path, init)).status))

  test('is for this machine alone once a site lists its origins', async () => {
    const { url } = await serve(app, { pages: await built() })
    expect(await statuses(url)).toEqual([200, 200])
    expect(await statuses(url, elsewhere)).toEqual([404, 404])
  })

  test("is public while neither PUBLIC_URL nor a site's origins are set", async () => {
    const fresh = await startTestApp()
    await fresh.db.updateTable('sites').set({ origins: '' }).execute()
    const { url } = await serve(fresh, { pages: await built() })
    expect(await statuses(url, elsewhere)).toEqual([200, 200])
    const configured = await serve(fresh, { pages: await built(), config: { publicUrl: 'http://chat.example' } })
    expect(await statuses(configured.url, elsewhere)).toEqual([404, 404])
    await fresh.stop()
  })

  test('is public with DEMO=on', async () => {
    const { url } = await serve(app, {
      pages: await built(),
      config: { demo: true, publicUrl: 'https://chat.example' },
    })
    expect(await statuses(url, elsewhere)).toEqual([200, 200])
  })
})
