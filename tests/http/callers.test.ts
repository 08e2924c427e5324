// Every route declares its callers, and Kefu enforces that before any other check.

import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { createHttpServer } from '../../server/http/server.ts'
import { clientAddress, isLocal } from '../../server/shared/client-address.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** Every call under /api/v1 that is not public, and who may make it. */
const guarded: [method: string, path: string, roles: string[]][] = [
  ['GET', '/me', ['agent', 'admin']],
  ['PATCH', '/me', ['agent', 'admin']],
  ['GET', '/users', ['admin']],
  ['POST', '/users', ['admin']],
  ['PATCH', '/users/1', ['admin']],
  ['GET', '/sites', ['admin']],
  ['POST', '/sites', ['admin']],
  ['PATCH', '/sites/1', ['admin']],
  ['GET', '/conversations', ['agent', 'admin']],
  ['GET', '/conversations/1', ['customer', 'agent', 'admin']],
  ['GET', '/conversations/1/messages', ['customer', 'agent', 'admin']],
  ['POST', '/conversations/1/messages', ['customer', 'agent', 'admin']],
]

test('[HT6] a route without declared callers cannot be registered', async () => {
  const http = await createHttpServer(app)
  expect(() => http.get('/anything', async () => 'open')).toThrow('GET /anything declares no roles: set config.roles.')
  http.get('/something', { config: { roles: 'public' } }, async () => 'open')
  await http.close()
})

describe('[HT7] a call that is not public needs a valid bearer token before its body is parsed', () => {
  test.each(guarded)('%s %s', async (method, path) => {
    const refusals = [
      {},
      { authorization: 'Bearer' },
      { authorization: 'Bearer not.a.token' },
      { authorization: 'Basic YTpi' },
    ]
    for (const headers of refusals) {
      const answer = await app.call(method, path, method === 'GET' ? undefined : { unknown: 'key' }, headers as never)
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'unauthorized', retryable: false } } })
    }
  })

  test('a token in the URL is ignored', async () => {
    const { token } = await app.newAgent()
    const answer = await app.call('GET', `/me?token=${token}&access_token=${token}`)
    expect(answer.status).toBe(401)
  })
})

describe('[HT8] a call for another role is forbidden before its body is parsed', () => {
  test.each(guarded)('%s %s', async (method, path, roles) => {
    const accounts = {
      customer: await app.newCustomer(),
      agent: await app.newAgent(),
      admin: await app.newAgent({ role: 'admin' }),
    }
    for (const [role, account] of Object.entries(accounts)) {
      const { status } = await account.call(method, path, method === 'GET' ? undefined : { unknown: 'key' })
      if (roles.includes(role)) expect(status, role).not.toBe(403)
      else expect(status, role).toBe(403)
      expect(status, role).not.toBe(401)
    }
  })
})

describe('[HT9] one address may make budgets.httpRequestsPerAddress', () => {
  test('calls; then rate_limited says when to retry, and pages are still served', async () => {
    let now = 1_000_000_000_000
    const limited = await startTestApp({ rateLimits: true, now: () => now })
    const { count, windowMs } = budgets.httpRequestsPerAddress
    const statuses = new Set<number>()
    for (let i = 0; i < count / 20; i++) {
      const calls = Array.from({ length: 20 }, () => limited.call('GET', '/nowhere'))
      for (const { status } of await Promise.all(calls)) statuses.add(status)
    }
    expect([...statuses]).toEqual([404])

    const refused = await limited.call('GET', '/nowhere')
    expect(refused).toMatchObject({
      status: 429,
      body: { error: { code: 'rate_limited', retryable: true, details: { retryAfterMs: windowMs / count } } },
    })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await fetch(`${limited.url}/healthz`)).status).toBe(200)
    now += windowMs / count
    expect((await limited.call('GET', '/nowhere')).status).toBe(404)
    await limited.stop()
  })
})

describe('[HT10] [T28] X-Forwarded-For is trusted as far as TRUSTED_PROXIES reaches', () => {
  const request = (peer: string, forwarded?: string) =>
    ({
      socket: { remoteAddress: peer },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as unknown as IncomingMessage

  test.each([
    ['nobody is trusted', [], '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the peer is not trusted', ['10.0.0.0/8'], '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the peer is trusted', ['10.0.0.0/8'], '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'only addresses added by trusted proxies count',
      ['10.0.0.0/8'],
      '10.1.2.3',
      '1.2.3.4, 198.51.100.1',
      '198.51.100.1',
    ],
    ['two trusted proxies', ['10.0.0.0/8', '192.0.2.7'], '10.1.2.3', '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['an IPv4-mapped peer', ['10.0.0.0/8'], '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['no header', ['10.0.0.0/8'], '::ffff:10.1.2.3', undefined, '10.1.2.3'],
    ['IPv6', ['fd00::/8'], 'fd00::1', '2001:db8::5', '2001:db8::5'],
  ])('%s', (_name, trustedProxies, peer, forwarded, address) => {
    expect(clientAddress({ trustedProxies }, request(peer, forwarded)).address).toBe(address)
  })

  test('a trusted proxy reports https', async () => {
    const { url } = await serve(app, {
      config: { trustedProxies: ['127.0.0.1'] },
      add: (http) => http.get('/who', { config: { roles: 'public' } }, async ({ ip, protocol }) => ({ ip, protocol })),
    })
    const answer = await fetch(`${url}/who`, {
      headers: { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'https' },
    })
    expect(await answer.json()).toEqual({ ip: '198.51.100.1', protocol: 'https' })
  })
})

describe('[HT11] a caller is local if on this machine, by a loopback name, without a proxy', () => {
  const asked = (peer: string, host: string, headers: Record<string, string> = {}) =>
    isLocal({ trustedProxies: [], publicUrl: null }, {
      httpVersion: '1.1',
      socket: { remoteAddress: peer },
      headers: { host, ...headers },
    } as unknown as IncomingMessage)

  test.each([
    ['127.0.0.1', '127.0.0.1:3000', {}, true],
    ['::ffff:127.0.0.1', 'localhost:3000', {}, true],
    ['::1', '[::1]:3000', {}, true],
    ['127.0.0.1', 'localhost', {}, true],
    ['192.168.1.5', 'localhost:3000', {}, false],
    ['127.0.0.1', 'chat.example.com', {}, false],
    ['127.0.0.1', 'localhost.example.com', {}, false],
    ['127.0.0.1', 'localhost:3000', { 'x-forwarded-for': '127.0.0.1' }, false],
    ['127.0.0.1', 'localhost:3000', { 'x-forwarded-host': 'localhost:3000' }, false],
    ['127.0.0.1', 'localhost:3000', { 'x-forwarded-proto': 'http' }, false],
    ['127.0.0.1', 'localhost:3000', { forwarded: 'for=127.0.0.1' }, false],
    ['127.0.0.1', 'localhost:3000', { 'x-real-ip': '127.0.0.1' }, false],
    ['127.0.0.1', 'localhost:3000', { via: '1.1 proxy' }, false],
  ])('%s asking %s with %o: %s', (peer, host, headers, expected) => {
    expect(asked(peer, host, headers as Record<string, string>)).toBe(expected)
  })
})
