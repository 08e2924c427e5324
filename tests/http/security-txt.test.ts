// Where to report a vulnerability.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const path = '/.well-known/security.txt'

test('[HT40] /.well-known/security.txt names SECURITY_CONTACT and an expiry within a year, per RFC 9116', async () => {
  const { url } = await serve(app, {
    config: { securityContact: 'mailto:security@shop.example', publicUrl: 'https://chat.example' },
  })
  const answer = await fetch(url + path)
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  const fields = (await answer.text()).trimEnd().split('\n')
  expect(fields.map((field) => field.replace(/^(Expires): .*/, '$1'))).toEqual([
    'Contact: mailto:security@shop.example',
    'Expires',
    'Preferred-Languages: en, zh',
    `Canonical: https://chat.example${path}`,
  ])
  const [, expires = ''] = /^Expires: (.+)$/m.exec(fields.join('\n')) ?? []
  const daysLeft = (Date.parse(expires) - Date.now()) / (24 * 3600_000)
  expect(daysLeft).toBeGreaterThan(90)
  expect(daysLeft).toBeLessThan(365)
})

test('[HT40] without SECURITY_CONTACT it does not exist', async () => {
  expect((await fetch(app.url + path)).status).toBe(404)
})
