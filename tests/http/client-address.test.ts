// One function reads the caller's address, in every form that proxies and sockets write. Limits and logs see one form.

import { globSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { clientAddress, groupAddress, normalizeAddress } from '../../server/shared/client-address.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const server = fileURLToPath(new URL('../../server', import.meta.url))

const ipv4 = [
  '203.0.113.8',
  ' 203.0.113.8\t',
  '203.0.113.8:50001',
  '203.0.113.8:0',
  '203.0.113.8:',
  '203.0.113.8:_port',
  '[203.0.113.8]',
  '[203.0.113.8]:80',
  '"203.0.113.8:80"',
  '203.0.113.8%eth0',
  '203.000.113.008',
  '203.0.113.08:443',
  '::ffff:203.0.113.8',
  '::FFFF:203.0.113.8',
  '::ffff:cb00:7108',
  '::ffff:203.000.113.008',
  '0:0:0:0:0:ffff:203.0.113.8',
  '0000:0000:0000:0000:0000:ffff:cb00:7108',
  '::ffff:203.0.113.8%eth0',
  '[::ffff:203.0.113.8]:443',
  '::ffff:203.0.113.8:443',
  '::203.0.113.8',
  '::ffff:0:203.0.113.8',
  '64:ff9b::203.0.113.8',
  '[64:FF9B::cb00:7108]:80',
  'for=203.0.113.8',
  'For="203.0.113.8:4711"',
  'for=203.0.113.8;proto=https;by=198.51.100.1',
  'proto=https; for=203.0.113.8',
  'for="[::ffff:203.0.113.8]:4711"',
]

const ipv6 = [
  '2001:db8::1',
  '2001:DB8::1',
  '2001:0db8:0000::0001',
  '2001:db8:0:0:0:0:0:1',
  '2001:db8::0.0.0.1',
  '[2001:db8::1]',
  '[2001:db8::1]:80',
  '[2001:db8::1]:',
  '[2001:db8::1%25eth0]:80',
  '2001:db8::1%eth0',
  '"[2001:db8::1]:80"',
  '2001:db8:0:0:0:0:0:1:443',
  '2001:db8::1:50001',
  'for="[2001:db8::1]:4711"',
  'FOR="[2001:db8::1]"; by=10.0.0.1',
]

const noAddress = [
  '',
  ' ',
  ',',
  'unknown',
  '_hidden',
  'for=unknown',
  'for=_secret',
  'for=',
  'by=203.0.113.8',
  '203.0.113',
  '203.0.113.256',
  '203.0.113.0008',
  '203.0.113.8.9',
  '203.0.113.8/24',
  '0x7f.0.0.1',
  '2130706433',
  '1:2',
  '[',
  '[]',
  '[]:80',
  '%',
  '%eth0',
  ':80',
  '[2001:db8::1',
  '2001:db8::1]',
  '[2001:db8::1]x',
  '2001:db8:::1',
  '1:2:3:4:5:6:7:8:9:10',
  'tcp://203.0.113.8:80',
  '１.2.3.4',
  '203.0.113.8\u0000',
  `203.0.113.8:${'1'.repeat(200)}`,
]

test.each(ipv4)('[HT10] [F10] %j is 203.0.113.8', (written) => {
  expect(normalizeAddress(written)).toBe('203.0.113.8')
})

test.each(ipv6)('[HT10] [F10] %j is 2001:db8::1', (written) => {
  expect(normalizeAddress(written)).toBe('2001:db8::1')
})

test.each(noAddress)('[HT10] [F10] %j is no address, and counts for the proxy', (written) => {
  expect(normalizeAddress(written)).toBeNull()
  const request = { socket: { remoteAddress: '127.0.0.1' }, headers: { 'x-forwarded-for': written } }
  const settings = { trustedProxies: ['127.0.0.1'] }
  expect(clientAddress(settings, request as unknown as IncomingMessage).address).toBe('127.0.0.1')
})

test('[HT10] [F10] an address stays the same when it is read again', () => {
  for (const written of [...ipv4, ...ipv6, '::', '::1', 'fe80::1%eth0']) {
    const address = normalizeAddress(written) as string
    expect(normalizeAddress(address), written).toBe(address)
    expect(groupAddress(address).address).toBe(address)
  }
  expect(normalizeAddress('::1')).toBe('::1')
})

test('[HT10] [F10] no other file reads the address of a request', () => {
  const reads = /remoteAddress|['"]x-forwarded-for|request\.ips?\b/i
  const readers = globSync('**/*.ts', { cwd: server }).filter((file) =>
    reads.test(readFileSync(join(server, file), 'utf8')),
  )
  // The second one gives the address of the peer to normalizeAddress.
  expect(readers.sort()).toEqual(['http/untrusted-proxy.ts', 'shared/client-address.ts'])
})

/** Of another address, which no other test has used up. */
const spellings = ipv4.filter((written) => written.includes('203.')).map((written) => written.replace('203', '204'))

describe('[HT10] [F10] a limit holds', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ rateLimits: true, env: { TRUSTED_PROXIES: '127.0.0.1' } })
  })
  afterAll(() => app.stop())

  test.each([
    ['each port of an IPv4 address', (n: number) => `203.0.113.8:${50_000 + n}`],
    ['each port of an IPv6 address', (n: number) => `[2001:db8::1]:${50_000 + n}`],
    ['each spelling', (n: number) => spellings[n % spellings.length] as string],
    ['each form without an address', (n: number) => noAddress[n % noAddress.length] as string],
  ])('for %s', async (_name, addressOf) => {
    const begin = async (n: number) =>
      (
        await app.call(
          'POST',
          '/widget/session',
          { site: app.siteKey },
          { 'x-forwarded-for': addressOf(n).replaceAll(/[^\x20-\x7e]/g, '?') },
        )
      ).status
    const { count } = budgets.sessionsPerAddress
    const statuses: number[] = []
    for (let n = 0; n < count + 5; n++) statuses.push(await begin(n))
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(count + 2)
    expect(statuses.at(-1)).toBe(429)
  })
})
