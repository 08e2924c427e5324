// The settings: each invalid value produces one line that names it, and the README's table matches the code.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ConfigError, loadConfig, settings, settingsTable } from '../../server/process/config.ts'
import { makeCertificates } from '../support/certificates.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function complaintAbout(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'nothing'
}

describe('settings', () => {
  test('are all optional, and an empty value counts as unset', () => {
    const config = loadConfig({ PORT: '', JWT_SECRET: ' ', WORKERS: '' })
    expect(config).toEqual(loadConfig({}))
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      databaseUrl: null,
      jwtSecrets: null,
      trustedProxies: [],
      workers: 1,
      rateLimits: true,
    })
    expect(isAbsolute(config.dataDir)).toBe(true)
  })

  test('[HT37] turn localhost into one address, where one server listens', () => {
    expect(loadConfig({ HOST: 'Localhost' }).host).toBe('127.0.0.1')
  })

  test('are parsed', () => {
    expect(
      loadConfig({
        PORT: '0',
        HOST: '::',
        DATABASE_URL: 'mysql://a:b%40c@db/kefu?socketPath=/run/s',
        JWT_SECRET: `${'a'.repeat(32)},${'b'.repeat(40)}`,
        PUBLIC_URL: 'https://Chat.example.com/',
        TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8, fd00::/8',
        DB_BUFFER_POOL: '1g',
        RATE_LIMITS: 'off',
        WORKERS: '4',
        ADDRESS_LIMITS: '4',
        DEMO: 'on',
        SECURITY_CONTACT: 'security@shop.example',
        ADMIN_PASSWORD: ' eight or more ',
      }),
    ).toMatchObject({
      port: 0,
      jwtSecrets: ['a'.repeat(32), 'b'.repeat(40)],
      publicUrl: 'https://chat.example.com',
      trustedProxies: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'],
      dbBufferPool: 2 ** 30,
      workers: 4,
      addressLimits: 4,
      demo: true,
      securityContact: 'mailto:security@shop.example',
      rateLimits: false,
      adminPassword: ' eight or more ',
    })
  })

  test.each([
    ['PORT', '65536'],
    ['PORT', '30 00'],
    ['PORT', '-1'],
    ['HOST', 'http://x'],
    ['DATABASE_URL', 'postgres://x/y'],
    ['DATABASE_URL', 'mysql://host'],
    ['DATABASE_URL', 'mysql://host/kefu?ssl=true'],
    ['DATABASE_URL', 'mysql://user:100%@host/kefu'],
    ['DATABASE_URL', 'mysql:///kefu'],
    ['DATABASE_URL', 'mysql://host/kefu#hash'],
    ['DATABASE_URL', 'mysql://host/kefu?tls=maybe'],
    ['DATABASE_URL', 'mysql://host/kefu?tls=true&tls=unverified'],
    ['DATABASE_URL', 'mysql://host/kefu?ca=/no/such/file'],
    ['DATABASE_URL', 'mysql://host/kefu?ca=/etc/hostname'],
    ['DATABASE_URL', 'mysql://host/kefu?ca=/etc'],
    ['DATABASE_URL', 'mysql://host/kefu?cert=/etc/hostname'],
    ['DATABASE_URL', 'mysql://host/kefu?tls=true&socketPath=/run/s'],
    ['JWT_SECRET', 'x'.repeat(31)],
    ['JWT_SECRET', `${'x'.repeat(32)},short`],
    ['ADMIN_USERNAME', 'two words'],
    ['ADMIN_PASSWORD', 'short'],
    ['PUBLIC_URL', 'chat.example.com'],
    ['PUBLIC_URL', 'https://chat.example.com/kefu'],
    ['PUBLIC_URL', 'https://user@chat.example.com'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'loopback'],
    ['LOG_LEVEL', 'loud\nline'],
    ['NODE_ID', 'x'.repeat(81)],
    ['DB_BUFFER_POOL', '64'],
    ['DB_BUFFER_POOL', '1M'],
    ['METRICS_TOKEN', 'short'],
    ['RATE_LIMITS', 'maybe'],
    ['REDIS_URL', 'http://127.0.0.1'],
    ['REDIS_URL', 'redis://127.0.0.1/name'],
    ['REDIS_URL', 'redis://:100%@127.0.0.1'],
    ['REDIS_URL', 'redis://127.0.0.1?tls=true'],
    ['REDIS_URL', 'rediss://127.0.0.1?tls=maybe'],
    ['REDIS_URL', 'rediss://127.0.0.1?ca=/no/such/file'],
    ['REDIS_URL', 'rediss://127.0.0.1?db=1'],
    ['WORKERS', '0'],
    ['WORKERS', '65'],
    ['WORKERS', 'all'],
    ['ADDRESS_LIMITS', '0'],
    ['ADDRESS_LIMITS', '101'],
    ['DEMO', 'yes'],
    ['SECURITY_CONTACT', 'security'],
    ['SECURITY_CONTACT', 'http://shop.example/security'],
    ['SECURITY_CONTACT', 'security@shop.example?bcc=x@y.example'],
  ])('%s=%j stops the start with one line that names it', (name, value) => {
    const complaint = complaintAbout({ [name]: value })
    expect(complaint).toMatch(new RegExp(`^${name} `))
    expect(complaint).not.toContain('\n')
  })

  test('[ND1] of a cluster node include everything that nodes share', () => {
    const shared = { DATABASE_URL: 'mysql://db/kefu', JWT_SECRET: 'x'.repeat(32) }
    const redis = { REDIS_URL: 'rediss://kefu:a%40b@redis:6380/1' }
    expect(loadConfig({ ...redis, ...shared }).redisUrl).toBe(redis.REDIS_URL)
    expect(complaintAbout({ ...redis, JWT_SECRET: shared.JWT_SECRET })).toMatch(/^DATABASE_URL must be set [^\n]+$/)
    expect(complaintAbout({ ...redis, DATABASE_URL: shared.DATABASE_URL })).toMatch(/^JWT_SECRET must be set [^\n]+$/)
  })

  test('that are wrong together are all reported, one per line', () => {
    const lines = complaintAbout({ PORT: 'x', WORKERS: '1.5', LOG_LEVEL: 'x' }).split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['PORT', 'LOG_LEVEL', 'WORKERS'])
  })

  test('that are secret are not repeated in errors', () => {
    for (const { name, secret } of Object.values(settings)) {
      if (secret) expect(complaintAbout({ [name]: 'hush' })).not.toContain('hush')
    }
  })

  test('[O2] accept TLS, IPv6 hosts and encoded passwords in the addresses of servers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kefu-settings-'))
    const { path } = makeCertificates(folder, 'DNS:db')
    const files = `ca=${path('ca')}&cert=${path('client')}&key=${path('client-key')}`
    for (const url of [
      'mysql://kefu:a%40b%3A%2F%3F%23%25@[2001:db8::1]:3307/kefu',
      'mysql://kefu@[::1]/kefu?tls=true',
      'mysql://kefu@db/kefu?tls=unverified',
      `mysql://kefu@db/kefu?${files}`,
    ])
      expect(loadConfig({ DATABASE_URL: url }).databaseUrl).toBe(url)
    const shared = { DATABASE_URL: 'mysql://db/kefu', JWT_SECRET: 'x'.repeat(32) }
    for (const url of [`rediss://[::1]:6380/1?${files}`, 'rediss://redis?tls=unverified'])
      expect(loadConfig({ ...shared, REDIS_URL: url }).redisUrl).toBe(url)
    const mixed = `mysql://db/kefu?cert=${path('client')}&key=${path('server-key')}`
    expect(complaintAbout({ DATABASE_URL: mixed })).toMatch(/^DATABASE_URL must be a URL whose ca, cert and key/)
    const both = `mysql://db/kefu?tls=unverified&ca=${path('ca')}`
    expect(complaintAbout({ DATABASE_URL: both })).toMatch(/either ca, .* or tls=unverified/)
    rmSync(folder, { recursive: true })
  })

  test('[O2] that are secret may come from files, whose last newline does not count', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kefu-settings-'))
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const values: Record<string, [text: string, config: Record<string, unknown>]> = {
      DATABASE_URL: ['mysql://kefu:a%40b@db/kefu\n', { databaseUrl: 'mysql://kefu:a%40b@db/kefu' }],
      REDIS_URL: ['redis://:x@redis\r\n', { redisUrl: 'redis://:x@redis' }],
      JWT_SECRET: [`${'a'.repeat(32)},${'b'.repeat(32)}\n`, { jwtSecrets: ['a'.repeat(32), 'b'.repeat(32)] }],
      BACKUP_KEY: ['k'.repeat(40), { backupKeys: ['k'.repeat(40)] }],
      ADMIN_PASSWORD: [' eight or more \n', { adminPassword: ' eight or more ' }],
      METRICS_TOKEN: [`${'t'.repeat(20)}\n`, { metricsToken: 't'.repeat(20) }],
    }
    expect(Object.keys(values).sort()).toEqual(
      Object.values(settings)
        .filter(({ secret }) => secret)
        .map(({ name }) => name)
        .sort(),
    )
    const env = Object.fromEntries(
      Object.entries(values).map(([name, [text]]) => [`${name}_FILE`, write(name.toLowerCase(), text)]),
    )
    expect(loadConfig(env)).toMatchObject(Object.assign({}, ...Object.values(values).map(([, config]) => config)))
    for (const [name, [text]] of Object.entries(values)) {
      const file = `${name}_FILE`
      expect(complaintAbout({ ...env, [name]: text.trim() })).toBe(
        `${name} and ${file} are both set: unset one of them.`,
      )
      const lost = complaintAbout({ ...env, [file]: '/no/such/file' })
      expect(lost).toBe(`${file} must name a file that Kefu can read, not "/no/such/file" (ENOENT).`)
      expect(complaintAbout({ ...env, [file]: folder })).toMatch(
        new RegExp(`^${file} must name a file .*EISDIR\\)\\.$`),
      )
      expect(complaintAbout({ ...env, [file]: write('empty', '\n') })).toMatch(
        new RegExp(`^${file} names an empty file`),
      )
      expect(complaintAbout({ ...env, [file]: write('bad', 'hush\n') })).toMatch(
        new RegExp(`^${name} must be (?!.*hush)`),
      )
    }
    rmSync(folder, { recursive: true })
  })

  test('match the README table, and by name the Chinese one', () => {
    expect(readFileSync(`${root}README.md`, 'utf8')).toContain(settingsTable())
    const chinese = readFileSync(`${root}README.zh-CN.md`, 'utf8')
    for (const { name } of Object.values(settings)) expect(chinese).toContain(`\`${name}\``)
  })
})
