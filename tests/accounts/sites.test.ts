// Sites as an admin manages them, and the part that pages can read.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Site } from '#protocol/entities.ts'
import { siteOrigins } from '../../server/sites/site-origins.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { codeOf } from './logins.ts'

describe('sites', () => {
  let app: TestApp
  let admin: TestAccount
  beforeAll(async () => {
    app = await startTestApp({ env: { PUBLIC_URL: 'https://chat.example' } })
    admin = await app.newAgent({ role: 'admin' })
  })
  afterAll(() => app.stop())

  const create = async (body: object) => (await admin.call('POST', '/sites', { name: 'Tea', ...body })).body as Site

  it('get their own key and an embed snippet [ST1]', async () => {
    const [one, two] = [await create({ color: '#aa3300' }), await create({})]
    expect(one).toMatchObject({ name: 'Tea', color: '#aa3300', position: 'right', greeting: null, origins: [] })
    expect(one.key).toMatch(/^[A-Za-z0-9_-]{20}$/)
    expect(one.key).not.toBe(two.key)
    expect(one.snippet).toBe(`<script async src="https://chat.example/kefu.js" data-site="${one.key}"></script>`)
  })

  it('change only in the fields of the request [ST1]', async () => {
    const site = await create({ greeting: '您好', origins: ['https://a.example'] })
    const path = `/sites/${site.id}`
    expect((await admin.call('PATCH', path, { position: 'left' })).body).toEqual({ ...site, position: 'left' })
    expect((await admin.call('PATCH', path, {})).body).toEqual({ ...site, position: 'left' })
    const bare = await admin.call('PATCH', path, { greeting: null, origins: [] })
    expect(bare.body).toEqual({ ...site, position: 'left', greeting: null, origins: [] })
    expect(codeOf(await admin.call('PATCH', '/sites/999999', { name: 'x' }))).toBe('not_found')
  })

  it('store origins in the form that browsers send [ST2]', async () => {
    const origins = ['https://shop.example:443', 'https://shop.example', 'http://localhost:8080', 'http://[::1]:80']
    const site = await create({ origins })
    const kept = ['https://shop.example', 'http://localhost:8080', 'http://[::1]']
    expect(site.origins).toEqual(kept)
    expect(await siteOrigins(app, site.key)).toEqual(kept)
    expect(await siteOrigins(app, 'no-such-site')).toEqual([])
    const wrong = await admin.call('POST', '/sites', { name: 'x', origins: ['https://shop.example:99999'] })
    expect(codeOf(wrong)).toBe('invalid_request')
  })

  it('expose only their appearance to pages [ST3]', async () => {
    const site = await create({ greeting: 'Hi!' })
    const appearance = await app.call('GET', `/widget/sites/${site.key}`)
    expect(appearance.body).toEqual({ name: 'Tea', color: '#0f766e', position: 'right', greeting: 'Hi!' })
    const first = await app.call('GET', `/widget/sites/${app.siteKey}`)
    expect((await app.call('GET', '/widget/sites/default')).body).toEqual(first.body)
    expect(codeOf(await app.call('GET', '/widget/sites/nope'))).toBe('not_found')
    expect(codeOf(await app.call('GET', `/widget/sites/${site.key.toUpperCase()}x`))).toBe('not_found')
  })
})
