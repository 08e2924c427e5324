// Health checks, metrics, the API page, and a graceful shutdown.

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

describe('[HT24] liveness and readiness are separate', () => {
  test('both succeed with a database', async () => {
    expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ status: 'alive' })
    const ready = await fetch(`${app.url}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toEqual({ status: 'ready', leaseAgeMs: expect.any(Number) })
  })

  test('without a database the process is alive, and readiness is unavailable', async () => {
    const db = connectDatabase({ url: 'mysql://kefu@127.0.0.1:1/kefu' })
    const { url } = await serve({ ...app, db })
    const ready = await fetch(`${url}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ error: { code: 'unavailable', retryable: true } })
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    await db.destroy()
  })
})

describe('[HT25] /metrics is for this machine, or for callers with METRICS_TOKEN', () => {
  test('without a token only local callers get it; for others it does not exist', async () => {
    const { url } = await serve(app)
    const local = await fetch(`${url}/metrics`)
    expect(local.status).toBe(200)
    expect(local.headers.get('content-type')).toContain('text/plain')
    const text = await local.text()
    expect(text).toContain('process_cpu_seconds_total{node="test"}')
    const passedOn = await fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect(passedOn.status).toBe(404)
  })

  test('with a token every caller who sends it gets it, and nobody else', async () => {
    const { url } = await serve(app, { config: { metricsToken: 'a-token-of-metrics' } })
    const ask = async (headers: Record<string, string>) => (await fetch(`${url}/metrics`, { headers })).status
    expect(await ask({})).toBe(401)
    expect(await ask({ authorization: 'Bearer a-token-of-metricz' })).toBe(401)
    expect(await ask({ authorization: 'Bearer a-token' })).toBe(401)
    expect(await ask({ authorization: 'Bearer a-token-of-metrics' })).toBe(200)
    expect(await ask({ authorization: 'Bearer a-token-of-metrics', 'x-forwarded-for': '203.0.113.9' })).toBe(200)
  })

  test('requests are counted by route pattern, not by URL', async () => {
    const { url } = await serve(app)
    await fetch(`${url}/api/v1/widget/sites/somebodys-key`)
    await fetch(`${url}/somebodys-path`)
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toMatch(/kefu_http_request_seconds_count\{.*route="\/api\/v1\/widget\/sites\/:key".*\} 1/)
    expect(text).not.toContain('somebodys')
  })
})

test('[HT26] /api/docs describes every call as PROTOCOL.md does, to local callers alone', async () => {
  const { url } = await serve(app)
  expect((await fetch(`${url}/api/docs`)).status).toBe(200)
  const { paths } = (await (await fetch(`${url}/api/docs/json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replace('/api/v1', '')}`),
  )
  const table = readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8')
  const rows = [...table.matchAll(/^\| ((?:GET|POST|PATCH|DELETE) \/[^|]*)\|/gm)].map(([, calls = '']) => calls)
  const documented = [...rows.join(' ').matchAll(/(GET|POST|PATCH|DELETE) (\/[^ ?]*)/g)].map(
    ([, method = '', path = '']) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`,
  )
  expect(documented.length).toBeGreaterThan(20)
  expect(calls.sort()).toEqual(documented.sort())
  for (const path of ['/api/docs', '/api/docs/', '/api/docs/json', '/api/docs/static/swagger-ui.css']) {
    const { status } = await fetch(url + path, { headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect(status, path).toBe(404)
  }
})

test('[HT27] a closing server completes running requests, rejects new ones and closes idle connections', async () => {
  let started = () => {}
  const hasStarted = new Promise<void>((resolve) => {
    started = resolve
  })
  let finish = () => {}
  const finishing = new Promise<void>((resolve) => {
    finish = resolve
  })
  const { url, port, http } = await serve(app, {
    add: (server) =>
      server.get('/slow', { config: { roles: 'public' } }, async () => {
        started()
        await finishing
        return { done: true }
      }),
  })
  const idle = connect(port, '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  const idleEnded = new Promise((resolve) => idle.once('close', resolve))
  const slow = fetch(`${url}/slow`)
  await hasStarted
  const closed = http.close()
  const late = await fetch(`${url}/healthz`)
  expect(late.status).toBe(503)
  expect(await late.json()).toMatchObject({ error: { code: 'unavailable', retryable: true } })
  finish()
  expect(await (await slow).json()).toEqual({ done: true })
  await closed
  await idleEnded
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
})
