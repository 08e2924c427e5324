// Every HTTP input with its worst value at the maximum length. None may stall the event loop.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import type { HttpServer } from '../../server/http/route-auth.ts'
import { createHttpServer } from '../../server/http/server.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { get, sendRaw } from './raw-http.ts'

let app: TestApp
let http: HttpServer
let pages: string
let url: string
let tokens: Record<'customer' | 'agent' | 'admin', string>
let conversationId: number

beforeAll(async () => {
  app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
  const started = await app.startConversation()
  conversationId = started.conversationId
  const admin = await app.newAgent({ role: 'admin' })
  tokens = { customer: started.customerAccount.token, agent: started.agentAccount.token, admin: admin.token }
  pages = await mkdtemp(join(tmpdir(), 'kefu-pages-'))
  for (const name of [
    'console/index.html',
    'widget/index.html',
    'kefu.js',
    'assets/main-1a2b.js',
    'assets/main-1a2b.js.gz',
  ]) {
    await mkdir(dirname(join(pages, name)), { recursive: true })
    await writeFile(join(pages, name), 'kefu'.repeat(500))
  }
  http = await createHttpServer({ ...app, config: { ...app.config, metricsToken: 'a-token-of-metrics' } }, pages)
  url = await http.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await http.close()
  await rm(pages, { recursive: true })
  await app.stop()
})

/** The part of Node's header limit that the test can fill. */
const headBytes = 15_500
const most = 50

/** The minimum of several runs in processor time of this thread, which excludes other load on the machine. */
async function fastest(text: string, times = 3): Promise<{ ms: number; statuses: Set<number> }> {
  let ms = Number.POSITIVE_INFINITY
  const statuses = new Set<number>()
  for (let time = 0; time < times; time++) {
    const before = process.threadCpuUsage()
    statuses.add((await sendRaw(url, text)).status)
    const { user, system } = process.threadCpuUsage(before)
    ms = Math.min(ms, (user + system) / 1000)
  }
  return { ms, statuses }
}

/** Repeated until it is `bytes` long. */
const fill = (part: string, bytes = headBytes) => part.repeat(Math.floor(bytes / part.length))

/** The same input at a fifth of the length. A quadratic check would take 1/25 of the time. */
async function expectLinear(worst: (bytes: number) => string, bytes: number): Promise<void> {
  const small = await fastest(worst(Math.floor(bytes / 5)))
  const large = await fastest(worst(bytes))
  expect([...small.statuses, ...large.statuses]).not.toContain(500)
  expect([...large.statuses]).not.toContain(Number.NaN)
  if (large.ms > most) expect(large.ms / small.ms).toBeLessThan(10)
  expect(large.ms).toBeLessThan(5 * most)
}

describe('[HT42] [S3] long and odd headers', () => {
  const worst: [header: string, target: string, value: (bytes: number) => string][] = [
    ['Authorization', '/api/v1/me', (bytes) => `Bearer ${fill(' ', bytes)}x y`],
    ['Authorization', '/api/v1/me', (bytes) => `Bearer ${fill('a.', bytes)}`],
    [
      'Authorization',
      '/api/v1/me',
      (bytes) => `Bearer ${fill('eyJ', bytes / 4)}.${fill('A', bytes / 4)}.${fill('-', bytes / 4)}`,
    ],
    ['Authorization', '/metrics', (bytes) => `Bearer ${fill('a', bytes)}`],
    ['Cookie', '/api/v1/auth/refresh', (bytes) => `${fill('a;', bytes)}=`],
    ['Cookie', '/api/v1/auth/refresh', (bytes) => fill('a=%zz;', bytes)],
    ['Cookie', '/api/v1/auth/refresh', (bytes) => `kefu_refresh=${fill('1', bytes)}.`],
    ['Cookie', '/api/v1/auth/refresh', (bytes) => `kefu_refresh="${fill('"', bytes)}`],
    ['Cookie', '/api/v1/auth/login', (bytes) => `kefu_device=${fill('.', bytes)}`],
    ['Content-Type', '/api/v1/auth/login', (bytes) => `application/json;${fill(' ', bytes)}x`],
    ['Content-Type', '/api/v1/auth/login', (bytes) => `application/json;${fill('a=";', bytes)}`],
    ['Content-Type', '/api/v1/auth/login', (bytes) => fill('a/', bytes)],
    ['Accept-Encoding', '/assets/main-1a2b.js', (bytes) => fill('gzip;q=0.', bytes)],
    ['Accept-Encoding', '/assets/main-1a2b.js', (bytes) => fill('a,', bytes)],
    ['Accept-Encoding', '/assets/main-1a2b.js', (bytes) => `gzip;${fill(' ', bytes)}q=x`],
    ['If-None-Match', '/kefu.js', (bytes) => fill('W/"a",', bytes)],
    ['If-None-Match', '/kefu.js', (bytes) => fill(' ,', bytes)],
    ['If-Match', '/kefu.js', (bytes) => fill('"a" ', bytes)],
    ['If-Modified-Since', '/kefu.js', (bytes) => fill('Mon, ', bytes)],
    ['If-Unmodified-Since', '/kefu.js', (bytes) => fill('1 (', bytes)],
    ['If-Range', '/kefu.js', (bytes) => fill('"', bytes)],
    ['Range', '/kefu.js', (bytes) => `bytes=${fill('0-0,', bytes)}`],
    ['Range', '/kefu.js', (bytes) => `bytes=${fill('1', bytes)}-`],
    ['Cache-Control', '/kefu.js', (bytes) => fill(' no-cache', bytes)],
    ['Cache-Control', '/kefu.js', (bytes) => fill(' ', bytes)],
    ['Origin', '/api/v1/auth/login', (bytes) => `https://${fill('a.', bytes)}`],
    ['User-Agent', '/api/v1/auth/login', (bytes) => fill('\u00e9', bytes)],
    ['X-Forwarded-For', '/api/v1/auth/login', (bytes) => fill('127.0.0.1,', bytes)],
    ['X-Forwarded-For', '/api/v1/auth/login', (bytes) => fill('[', bytes)],
    ['X-Forwarded-For', '/api/v1/auth/login', (bytes) => fill('::1%a,', bytes)],
    ['X-Forwarded-Proto', '/api/v1/auth/login', (bytes) => fill('https,', bytes)],
    ['X-Forwarded-Host', '/console/', (bytes) => fill('a,', bytes)],
    ['Forwarded', '/console/', (bytes) => fill('for="[', bytes)],
    ['Accept-Version', '/console/', (bytes) => fill('1.', bytes)],
    ['Connection', '/console/', (bytes) => fill('close,', bytes)],
    ['Upgrade', '/console/', (bytes) => fill('h2c,', bytes)],
    ['Expect', '/console/', (bytes) => fill('100-continue,', bytes)],
    ['Transfer-Encoding', '/console/', (bytes) => fill('chunked,', bytes)],
    ['Content-Disposition', '/api/v1/auth/login', (bytes) => fill('a;', bytes)],
  ]

  test.each(worst)('%s at %s', async (header, target, value) => {
    const isPost = target.startsWith('/api/v1/auth/')
    const text = (bytes: number) =>
      isPost
        ? get(
            target,
            `${header}: ${value(bytes)}`,
            ...(header === 'Content-Type' ? [] : ['Content-Type: application/json']),
            'Content-Length: 2',
          ).replace(/^GET (.*)$/s, 'POST $1{}')
        : get(target, `${header}: ${value(bytes)}`)
    await expectLinear(text, headBytes - 400)
  })

  test('Host', async () => {
    const text = (bytes: number) => `GET /metrics HTTP/1.1\r\nHost: 127.${fill('0.', bytes)}x\r\n\r\n`
    await expectLinear(text, headBytes)
  })

  test('very many headers', async () => {
    await expectLinear(
      (bytes) => get('/console/', ...Array.from({ length: Math.floor(bytes / 6) }, () => 'a: b')),
      headBytes,
    )
  })
})

describe('[HT42] [S3] long and odd paths and queries', () => {
  test.each([
    ['slashes', (bytes: number) => fill('/', bytes)],
    ['dots', (bytes: number) => `/${fill('../', bytes)}`],
    ['percent signs', (bytes: number) => `/${fill('%25', bytes)}`],
    ['invalid percent-encoding', (bytes: number) => `/${fill('%', bytes)}`],
    ['truncated UTF-8', (bytes: number) => `/${fill('%e4%b8', bytes)}`],
    ['encoded slashes', (bytes: number) => `/assets/${fill('%2f', bytes)}`],
    ['a file of pages', (bytes: number) => `/assets/${fill('a-', bytes)}!`],
    ['a file with dots', (bytes: number) => `/assets/${fill('.', bytes)}`],
    ['the console', (bytes: number) => `/console/${fill('a/', bytes)}`],
    ['an absolute target', (bytes: number) => `http://${fill('a', bytes)}/api/v1/setup`],
    ['an absolute target without a path', (bytes: number) => `http:/${fill('/', bytes)}`],
    ['a site key', (bytes: number) => `/api/v1/widget/sites/${fill('k', bytes)}`],
    ['a site', (bytes: number) => `/widget/?site=${fill('k', bytes)}`],
    ['very many keys', (bytes: number) => `/widget/?${fill('a&', bytes)}`],
    [
      'very many different keys',
      (bytes: number) => `/widget/?${Array.from({ length: bytes / 6 }, (_, i) => `k${i}`).join('&')}`.slice(0, bytes),
    ],
    ['one repeated key', (bytes: number) => `/widget/?${fill('site=a&', bytes)}`],
    ['a query with invalid encoding', (bytes: number) => `/widget/?site=${fill('%', bytes)}`],
    ['plus signs', (bytes: number) => `/widget/?${fill('+=', bytes)}`],
    ['hash signs', (bytes: number) => `/widget/?${fill('#?', bytes)}`],
  ])('%s', async (_name, target) => {
    await expectLinear((bytes) => get(target(bytes)), headBytes - 400)
  })

  test.each([
    ['a cursor', (bytes: number) => `cursor=${fill('A', bytes)}`],
    ['a limit', (bytes: number) => `limit=${fill('9', bytes)}`],
    ['a view', (bytes: number) => `view=${fill('mine', bytes)}`],
  ])('%s of a list', async (_name, query) => {
    const authorization = `Authorization: Bearer ${tokens.agent}`
    await expectLinear((bytes) => get(`/api/v1/conversations?${query(bytes)}`, authorization), headBytes - 1_000)
    await expectLinear(
      (bytes) => get(`/api/v1/conversations/${fill('1', bytes)}/messages?before=${fill('9', 50)}`, authorization),
      headBytes - 1_000,
    )
  })
})

describe('[HT42] [S3] long and odd bodies', () => {
  const json = (target: string, method: string, body: string, token?: string) =>
    get(
      target,
      ...(token ? [`Authorization: Bearer ${token}`] : []),
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ).replace('GET', method) + body
  const field = (
    target: string,
    method: string,
    who: 'customer' | 'agent' | 'admin' | null,
    make: (value: string) => object,
  ) => ({ target, method, who, make })

  const fields = {
    'login: username': field('/api/v1/auth/login', 'POST', null, (username) => ({ username, password: 'p' })),
    'login: password': field('/api/v1/auth/login', 'POST', null, (password) => ({ username: 'mei', password })),
    'setup: code': field('/api/v1/setup', 'POST', null, (code) => ({
      code,
      username: 'a',
      password: 'long enough',
      siteName: 'T',
    })),
    'setup: origin': field('/api/v1/setup', 'POST', null, (siteOrigin) => ({
      code: 'c',
      username: 'a',
      password: 'long enough',
      siteName: 'T',
      siteOrigin: `https://${siteOrigin}`,
    })),
    'session: site': field('/api/v1/widget/session', 'POST', null, (site) => ({ site })),
    'session: token': field('/api/v1/widget/session', 'POST', null, (token) => ({ token })),
    'session: resume token': field('/api/v1/widget/session', 'POST', null, (resumeToken) => ({
      resumeToken: `1.${resumeToken}`,
    })),
    'session: name': field('/api/v1/widget/session', 'POST', null, (name) => ({ name })),
    'session: email': field('/api/v1/widget/session', 'POST', null, (email) => ({ email: `${email}@` })),
    'session: locale': field('/api/v1/widget/session', 'POST', null, (locale) => ({ locale })),
    'session: page': field('/api/v1/widget/session', 'POST', null, (url) => ({
      page: { url: `https://${url}`, title: url },
    })),
    'session: identity': field('/api/v1/widget/session', 'POST', null, (identity) => ({ identity })),
    'logout: resume token': field('/api/v1/widget/logout', 'POST', null, (resumeToken) => ({ resumeToken })),
    'me: name': field('/api/v1/me', 'PATCH', 'agent', (name) => ({ name })),
    'me: old password': field('/api/v1/me', 'PATCH', 'agent', (oldPassword) => ({
      password: 'long enough',
      oldPassword,
    })),
    'users: username': field('/api/v1/users', 'POST', 'admin', (username) => ({
      username,
      password: 'long enough',
      name: 'N',
      role: 'agent',
    })),
    'users: email': field('/api/v1/users', 'POST', 'admin', (email) => ({
      username: 'u',
      password: 'long enough',
      name: 'N',
      role: 'agent',
      email: `${email}@x`,
    })),
    'sites: origin': field('/api/v1/sites', 'POST', 'admin', (origin) => ({
      name: 'T',
      origins: [`https://${origin}`],
    })),
    'sites: color': field('/api/v1/sites', 'POST', 'admin', (color) => ({ name: 'T', color: `#${color}` })),
    'sites: greeting': field('/api/v1/sites', 'POST', 'admin', (greeting) => ({ name: 'T', greeting })),
    'messages: content': field('/api/v1/conversations/ID/messages', 'POST', 'customer', (content) => ({
      clientMessageId: 'c',
      content,
    })),
    'messages: id': field('/api/v1/conversations/ID/messages', 'POST', 'customer', (clientMessageId) => ({
      clientMessageId,
      content: 'x',
    })),
  }
  /** Blanks, near terminators, combining characters and surrogate pairs. */
  const parts = [' ', 'a', 'a.', '-', '\u0301', '\u200d', '\ud83d\udc68', '\u0000', '@', '%']

  test.each(Object.entries(fields))('%s', async (_name, { target, method, who, make }) => {
    const path = target.replace('ID', String(conversationId))
    for (const part of parts) {
      const text = (bytes: number) =>
        Buffer.from(
          json(path, method, JSON.stringify(make(fill(part, bytes))), who ? tokens[who] : undefined),
          'utf8',
        ).toString('utf8')
      const size =
        Math.floor((limits.requestBytes - 1_000) / (Buffer.byteLength(JSON.stringify(part)) - 2)) * part.length
      const small = await fastest(text(Math.floor(size / 5)), 3)
      const large = await fastest(text(size), 3)
      expect([...small.statuses, ...large.statuses], JSON.stringify(part)).not.toContain(500)
      if (large.ms > most) expect(large.ms / small.ms, JSON.stringify(part)).toBeLessThan(10)
    }
  })

  test.each([
    [
      'very many unknown keys',
      (bytes: number) => `{${Array.from({ length: bytes / 12 }, (_, i) => `"k${i}":1`).join(',')}}`,
    ],
    ['one repeated key', (bytes: number) => `{${fill('"a":1,', bytes)}"a":1}`],
    ['a list of lists', (bytes: number) => `${fill('[', bytes / 2)}${fill(']', bytes / 2)}`],
    ['a long list', (bytes: number) => `[${fill('1,', bytes)}1]`],
    [
      'very many origins',
      (bytes: number) => `{"name":"T","origins":[${fill('"https://a.example",', bytes)}"https://a.example"]}`,
    ],
    [
      'very many different origins',
      (bytes: number) =>
        `{"name":"T","origins":[${Array.from({ length: bytes / 22 }, (_, i) => `"https://a${i}.b"`).join(',')}]}`,
    ],
    ['a long number', (bytes: number) => `{"name":${fill('1', bytes)}}`],
    ['escapes', (bytes: number) => `{"name":"${fill('\\u0061', bytes)}"}`],
    ['an unterminated string', (bytes: number) => `{"name":"${fill('\\"', bytes)}`],
    ['repeated __proto__', (bytes: number) => `{${fill('"__proto__":1,', bytes)}"a":1}`],
    ['escaped __proto__', (bytes: number) => `{"a":"${fill('\\u005f_proto__', bytes)}"}`],
    ['blanks', (bytes: number) => `{${fill(' ', bytes)}}`],
  ])('of sites: %s', async (_name, body) => {
    await expectLinear((bytes) => json('/api/v1/sites', 'POST', body(bytes), tokens.admin), limits.requestBytes - 1_000)
  })
})
