// Behind proxies nobody is local, and an undeclared proxy is reported.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { createLog } from '../../server/process/log.ts'
import { isLocal } from '../../server/shared/client-address.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { findNginx } from '../support/programs.ts'
import { freePort } from '../support/redis.ts'
import { until } from '../support/server-process.ts'
import { get, sendRaw } from './raw-http.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

/** Starts nginx with these directives in its location block and resolves with its URL. It ends with the test. */
async function startNginx(location: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kefu-nginx-'))
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const configuration = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
    events {} http { access_log off; ${paths.join(' ')} server { listen 127.0.0.1:${port}; location / { ${location} } } }`
  await writeFile(join(folder, 'nginx.conf'), configuration)
  const child = spawn(findNginx() ?? 'nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'ignore',
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  await until(async () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return url
}

describe('[HT11] [S26] behind a proxy nobody is local', () => {
  const asked = (
    config: { trustedProxies?: string[]; publicUrl?: string | null },
    changes: Partial<IncomingMessage> = {},
  ) =>
    isLocal({ trustedProxies: config.trustedProxies ?? [], publicUrl: config.publicUrl ?? null }, {
      httpVersion: '1.1',
      socket: { remoteAddress: '127.0.0.1' },
      headers: { host: '127.0.0.1:3000' },
      ...changes,
    } as unknown as IncomingMessage)

  test('with trusted proxies, with an https PUBLIC_URL, and over HTTP/1.0', () => {
    expect(asked({})).toBe(true)
    expect(asked({ publicUrl: 'http://127.0.0.1:3000' })).toBe(true)
    expect(asked({ trustedProxies: ['127.0.0.1'] })).toBe(false)
    expect(asked({ trustedProxies: ['10.0.0.0/8'] })).toBe(false)
    expect(asked({ publicUrl: 'https://chat.example' })).toBe(false)
    expect(asked({}, { httpVersion: '1.0' })).toBe(false)
    expect(asked({}, { headers: {} })).toBe(false)
    expect(asked({}, { headers: { host: `127.${'0'.repeat(10_000)}x` } })).toBe(false)
  })

  test.skipIf(findNginx() === undefined).each([
    ['bare', ''],
    ['that passes the Host on', 'proxy_set_header Host $host;'],
    ['that passes the address on', 'proxy_http_version 1.1; proxy_set_header X-Forwarded-For $remote_addr;'],
    ['with X-Real-IP alone', 'proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;'],
  ])('through an nginx %s, /metrics, /api/docs and a closed /demo/ do not exist', async (_name, directives) => {
    const { url: own } = await serve(app)
    const url = await startNginx(`proxy_pass ${own}; ${directives}`)
    for (const path of ['/metrics', '/api/docs', '/api/docs/json', '/%6detrics', '/demo/']) {
      expect((await fetch(url + path)).status, path).toBe(404)
    }
    expect((await fetch(`${own}/metrics`)).status).toBe(200)
  })
})

describe('[HT25] [S26] guesses of METRICS_TOKEN', () => {
  test('are limited by address; then even the right token has to wait', async () => {
    let now = Date.now()
    const limited = await startTestApp({
      rateLimits: true,
      now: () => now,
      env: { METRICS_TOKEN: 'a-token-of-metrics' },
    })
    const ask = async (token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      return (await fetch(`${limited.url}/metrics`, { headers })).status
    }
    const { count, windowMs } = budgets.metricsGuessesPerAddress
    for (let guess = 0; guess < count; guess++) expect(await ask(`guess-${guess}`)).toBe(401)
    expect(await ask('guess')).toBe(429)
    expect(await ask('a-token-of-metrics')).toBe(429)
    expect(await ask()).toBe(401)
    now += windowMs
    expect(await ask('a-token-of-metrics')).toBe(200)
    await limited.stop()
  })
})

describe('[HT39] [S15] a proxy that TRUSTED_PROXIES does not list', () => {
  const served = async (trustedProxies: string[]) => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const { url } = await serve({ ...app, log }, { config: { trustedProxies } })
    return { url, events: () => lines.map((line) => JSON.parse(line)) }
  }

  test.each(['X-Forwarded-For: 203.0.113.7', 'Forwarded: for=203.0.113.7', 'X-Real-IP: 203.0.113.7', 'Via: 1.1 proxy'])(
    'is reported once, without an address: %s',
    async (header) => {
      const { url, events } = await served(['10.0.0.0/8'])
      for (let times = 0; times < 5; times++) await sendRaw(url, get('/nowhere', header))
      expect(events()).toMatchObject([{ event: 'untrusted_proxy', reason: 'loopback' }])
      expect(JSON.stringify(events())).not.toMatch(/203\.0|127\.0/)
    },
  )

  test('is not reported when listed, or when no forwarding header is sent', async () => {
    const named = await served(['10.0.0.0/8', '127.0.0.0/8'])
    await sendRaw(named.url, get('/healthz', 'X-Forwarded-For: 203.0.113.7'))
    const direct = await served([])
    await sendRaw(direct.url, get('/healthz'))
    expect([...named.events(), ...direct.events()]).toEqual([])
  })

  test('is suspected at the start when PUBLIC_URL is https and no proxy is listed', async () => {
    const said = async (env: Record<string, string>) => {
      const lines: string[] = []
      const started = await startTestApp({ env, log: (line) => void lines.push(line) })
      await started.stop()
      return lines.filter((line) => line.includes('TRUSTED_PROXIES')).length
    }
    expect(await said({ PUBLIC_URL: 'https://chat.example' })).toBe(1)
    expect(await said({ PUBLIC_URL: 'https://chat.example', TRUSTED_PROXIES: '127.0.0.1' })).toBe(0)
    expect(await said({ PUBLIC_URL: 'http://chat.example' })).toBe(0)
    expect(await said({})).toBe(0)
  })
})
