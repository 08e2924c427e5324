// The log records logins and refusals by id. It contains no text, personal data or secret of anybody.

import { randomBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Site, User } from '#protocol/entities.ts'
import type { IdentitySecretReply, LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createLog } from '../../server/process/log.ts'
import { setupCode } from '../../server/setup/first-admin.ts'
import { logSecurity } from '../../server/shared/security-log.ts'
import { ageRotation, cookieOf, logIn, newUser, password, refresh } from '../accounts/logins.ts'
import { pdf } from '../attachments/corpus.ts'
import { storedFiles, upload } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'

const lines: string[] = []
const log = (line: string) => void lines.push(line)
const events = () => lines.map((line) => JSON.parse(line)).map(({ time: _, msg: __, ...event }) => event)
const [info, warn] = [30, 40]

describe('[HT29] the log records by id', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ log })
  })
  afterAll(() => app.stop())
  beforeEach(() => void lines.splice(0))

  test('who logged in, and which logins were rejected', async () => {
    const { id, username } = await newUser(app)
    lines.splice(0)
    await logIn(app, username)
    const session = await app.db.selectFrom('login_sessions').select('id').where('user_id', '=', id).executeTakeFirst()
    await app.call('POST', '/auth/login', { username, password: 'not the password' })
    await app.call('POST', '/auth/login', { username: 'nobody', password })
    expect(events()).toEqual([
      { level: info, event: 'sign_in', userId: id, sessionId: session?.id },
      { level: warn, event: 'sign_in_refused', userId: id, reason: 'unauthorized' },
      { level: warn, event: 'sign_in_refused', reason: 'unauthorized' },
    ])
  })

  test('that a copied refresh token ended a session', async () => {
    const { id, username } = await newUser(app)
    const { cookie } = await logIn(app, username)
    await refresh(app, cookieOf(await refresh(app, cookie)))
    await ageRotation(app, id, limits.refreshGraceMs + 1000)
    lines.splice(0)
    await refresh(app, cookie)
    await refresh(app, cookie)
    expect(events()).toEqual([
      { level: warn, event: 'token_reused', userId: id, sessionId: Number(/=(\d+)\./.exec(cookie)?.[1]) },
    ])
  })

  test('forbidden requests, over HTTP and sockets', async () => {
    const agent = await app.newAgent()
    const customer = await app.newCustomer()
    const client = await customer.connect()
    await agent.call('GET', '/users')
    await customer.call('PATCH', '/users/7', { role: 'admin' })
    await client.refused('agent:list', {})
    await app.call('POST', '/setup', {}, { origin: 'https://evil.example' })
    expect(events()).toEqual([
      { level: warn, event: 'forbidden', userId: agent.id, what: '/api/v1/users' },
      { level: warn, event: 'forbidden', userId: customer.id, what: '/api/v1/users/:id' },
      { level: warn, event: 'forbidden', userId: customer.id, what: 'agent:list' },
      { level: warn, event: 'forbidden', what: '/api/v1/setup' },
    ])
  })

  test('that an identity was not signed by its shop', async () => {
    await app.call('POST', '/widget/session', { site: app.siteKey, identity: 'none' })
    expect(events()).toEqual([{ level: warn, event: 'identity_refused', siteId: expect.any(Number) }])
  })

  test("who changed whose account, and who rotated a site's secret", async () => {
    const admin = await app.newAgent({ role: 'admin' })
    const account = { username: 'newcomer', name: 'New', role: 'agent', password }
    const ofUserId = ((await admin.call('POST', '/users', account)).body as User).id
    for (const change of [
      { name: 'Newer', role: 'agent', isDisabled: false },
      { password: 'the second of its passwords', role: 'admin' },
      { isDisabled: true },
      { isDisabled: false },
    ]) {
      expect((await admin.call('PATCH', `/users/${ofUserId}`, change)).status).toBe(200)
    }
    const { id: siteId } = (await admin.call('POST', '/sites', { name: 'Tea' })).body as Site
    await admin.call('POST', `/sites/${siteId}/identity-secret`, {})
    const newAgent = await logIn(app, 'newcomer', 'the second of its passwords')
    await newAgent.call('PATCH', '/me', { password, oldPassword: 'the second of its passwords' })
    const changed = (what: string, userId = admin.id) => ({ event: 'account_changed', userId, ofUserId, what })
    expect(events()).toMatchObject([
      changed('created'),
      changed('password'),
      changed('role'),
      changed('disabled'),
      changed('enabled'),
      { event: 'identity_secret_made', userId: admin.id, siteId },
      { event: 'sign_in', userId: ofUserId },
      changed('password', ofUserId),
    ])
  })

  test('[S24] of a flood of forged identities and of missing files no more than their budgets', async () => {
    const shop = await startTestApp({ log, rateLimits: true })
    try {
      const { count } = budgets.logLinesPerActor
      const forged = { site: shop.siteKey, identity: 'none' }
      for (let times = 0; times < 2 * count; times++) await shop.call('POST', '/widget/session', forged)
      expect(events().map(({ event }) => event)).toEqual(Array(count).fill('identity_refused'))
      const customer = await shop.newCustomer()
      const { id } = (await upload(shop, customer, pdf(), 'a.pdf')).body as { id: number }
      const [name = ''] = await storedFiles(shop)
      await shop.attachments.store.remove(name)
      const most = budgets.failureLogLines.count
      for (let times = 0; times < 2 * most; times++) await customer.call('GET', `/attachments/${id}`)
      expect(lines.filter((line) => line.includes('attachment file missing')).length).toBe(most)
    } finally {
      await shop.stop()
    }
  })

  test('[S24] of a flood of refusals no more than budgets.logLinesPerActor of one user, of others all the same', async () => {
    let now = Date.now()
    const shop = await startTestApp({ log, rateLimits: true, now: () => now })
    try {
      const [agent, customer] = [await shop.newAgent(), await shop.newCustomer()]
      const { count, windowMs } = budgets.logLinesPerActor
      for (let times = 0; times < 80; times++) await agent.call('GET', '/users')
      await customer.call('GET', '/users')
      await shop.call('POST', '/auth/login', { username: 'nobody', password })
      expect(events().map(({ event, userId }) => `${event} ${userId}`)).toEqual([
        ...Array(count).fill(`forbidden ${agent.id}`),
        `forbidden ${customer.id}`,
        'sign_in_refused undefined',
      ])
      const figures = await (await fetch(`${shop.url}/metrics`)).text()
      expect(figures).toMatch(/kefu_security_events_total\{event="forbidden",.*\} 81/)
      expect(figures).toMatch(/kefu_security_events_total\{event="token_reused",.*\} 0/)
      lines.splice(0)
      now += windowMs
      await customer.call('GET', '/users')
      expect(events()).toMatchObject([
        { event: 'forbidden', suppressed: 80 - count },
        { event: 'forbidden', userId: customer.id },
      ])
    } finally {
      await shop.stop()
    }
  })

  test('[S24] at most budgets.refusalLogLines refusals of one kind, across all callers', async () => {
    const shop = await startTestApp({ log, rateLimits: true, now: () => 1_000_000 })
    try {
      const { count } = budgets.refusalLogLines
      for (let userId = 1; userId <= count + 50; userId++) logSecurity(shop, 'forbidden', { userId })
      logSecurity(shop, 'sign_in_refused', {}, '203.0.113.7')
      expect(events().map(({ event }) => event)).toEqual([...Array(count).fill('forbidden'), 'sign_in_refused'])
      expect(lines.at(-1)).not.toContain('203.0.113.7')
    } finally {
      await shop.stop()
    }
  })
})

test('[T25] a database error message with line breaks is not parsed as part of the stack', () => {
  lines.splice(0)
  const error = new Error("Duplicate entry 'words\n    at canary:1:1' for key")
  createLog('trace', { write: log }).error({ err: Object.assign(error, { errno: 1062 }) }, 'request failed')
  expect(JSON.parse(lines[0] ?? '').err.stack).toMatch(/^ {4}at /)
  expect(lines[0]).not.toMatch(/canary|words/)
})

describe('[T25] [T26] no text, personal data or secret', () => {
  /** Every value that must not be found. */
  const canaries: string[] = []
  let app: TestApp

  beforeAll(async () => {
    lines.splice(0)
    app = await startTestApp({ log, env: { TRUSTED_PROXIES: '127.0.0.1' } })
    canaries.push(...app.jwtSecrets, app.siteKey, '127.0.0.1', '203.0.113.77')
  })
  afterAll(() => app.stop())

  /** Imitates the end of a log line followed by a forged line, or a stack. */
  const breaks = '\r\n{"level":60,"forged":true}\n    at '
  const canary = (of: string) => {
    const text = `canary-${of}-${randomBytes(6).toString('hex')}`
    canaries.push(text)
    return text
  }
  function kept<T extends object>(answer: T): T {
    const strings = (value: unknown): string[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [`${value}`]
    // Tokens, secrets and cookies are long and random.
    canaries.push(...strings(answer).filter((text) => /^\S{40,}$/.test(text)))
    return answer
  }
  const headers = () => ({
    'user-agent': canary('browser'),
    'x-forwarded-for': '203.0.113.77',
    'x-canary': canary('header'),
    referer: `https://shop.example/${canary('referrer')}`,
  })
  const call = async (method: string, path: string, body?: unknown, token?: string) => {
    const answer = await app.call(method, path, body, {
      ...headers(),
      ...(token && { authorization: `Bearer ${token}` }),
    })
    const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]?.split('=')[1] ?? '')
    canaries.push(...cookies.filter(Boolean))
    return kept(answer)
  }

  async function setUp() {
    const admin = { username: canary('username'), password: canary('password') }
    const body = { ...admin, siteName: canary('site'), siteOrigin: 'https://shop.example' }
    await call('POST', '/setup', { ...body, code: canary('code') })
    const code = setupCode(app)
    canaries.push(code)
    const { status, body: made } = await call('POST', '/setup', { ...body, code })
    expect(status).toBe(201)
    return { admin, token: (made as LoginReply).token }
  }

  async function signIn({ username, password }: { username: string; password: string }) {
    await call('POST', '/auth/login', { username, password: canary('wrong') })
    await call('POST', '/auth/login', { username: canary('nobody'), password: canary('wrong') })
    await call('POST', '/auth/login', { username, password, extra: canary('extra') })
    const login = await call('POST', '/auth/login', { username, password })
    const cookie = cookieOf(login)
    const refreshed = await app.call('POST', '/auth/refresh', undefined, { cookie })
    await app.call('POST', '/auth/refresh', undefined, { cookie: cookieOf(refreshed) })
    const { id } = (login.body as LoginReply).user
    await ageRotation(app, id, limits.refreshGraceMs + 1000)
    await app.call('POST', '/auth/refresh', undefined, { cookie })
    await app.call('POST', '/auth/refresh', undefined, { cookie: `kefu_refresh=1.${canary('cookie')}` })
  }

  /** Rejected before any lookup. */
  async function makeRejectedCalls(token: string) {
    const { url } = app
    await fetch(`${url}/api/v1/users?token=${token}&access_token=${canary('query')}#${canary('fragment')}`)
    await fetch(`${url}/${canary('path')}`, { headers: headers() })
    await fetch(`${url}/socket.io/?EIO=4&transport=polling&token=${token}&x=${canary('query')}`)
    await call('GET', '/users', undefined, canary('token'))
    await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"username":"${canary('broken')}`,
    })
    await expect(connectClient(url, canary('token'))).rejects.toThrow()
    await expect(connectClient(url, token, { origin: `https://${canary('origin')}.example` })).rejects.toThrow()
  }

  async function identified(token: string) {
    const site = (await call('POST', '/sites', { name: canary('site') }, token)).body as Site
    const greeting = `${canary('greeting')}${breaks}${canary('greeting')}`
    await call('PATCH', `/sites/${site.id}`, { greeting }, token)
    const { secret } = (await call('POST', `/sites/${site.id}/identity-secret`, {}, token)).body as IdentitySecretReply
    const claims = { sub: canary('external'), name: canary('name'), email: `${canary('email')}@example.com` }
    const expiresIn = 300
    const good = jwt.sign(claims, secret, { audience: site.key, expiresIn })
    const bad = jwt.sign(claims, canary('secret'), { audience: site.key, expiresIn })
    canaries.push(good, bad)
    expect((await call('POST', '/widget/session', { site: site.key, identity: bad })).status).toBe(401)
    const identifiedSession = await call('POST', '/widget/session', {
      site: site.key,
      identity: good,
      page: { url: `https://shop.example/${canary('page')}`, title: `${canary('title')}${breaks}` },
    })
    expect(identifiedSession.status).toBe(200)
    return { session: identifiedSession.body as WidgetSessionReply, greeting }
  }

  async function chat(session: WidgetSessionReply, agent: TestAccount) {
    const words = () => `${canary('words')}${breaks}${canary('words')}`
    const [customer, other] = [await connectClient(app.url, session.token), await agent.connect()]
    const { conversation } = await customer.request('conversation:start', {
      subject: canary('subject'),
      page: { url: `https://shop.example/?q=${canary('page')}`, title: canary('title') },
      message: { clientMessageId: canary('id'), content: words() },
    })
    const conversationId = conversation.id
    await other.request('conversation:claim', { conversationId })
    await other.request('typing:set', { conversationId, typing: true })
    await customer.request('typing:set', { conversationId, typing: true, preview: words() })
    await other.request('message:send', { conversationId, clientMessageId: canary('id'), content: words() })
    await call(
      'POST',
      `/conversations/${conversationId}/messages`,
      { clientMessageId: 'c', content: words() },
      agent.token,
    )
    const file = await upload(app, { token: session.token } as TestAccount, pdf(), `${canary('file')}.pdf`, 'text/html')
    const attachmentId = (file.body as { id: number }).id
    await customer.request('message:send', { conversationId, clientMessageId: 'f', type: 'file', attachmentId })
    await customer.refused('conversation:claim', { conversationId })
    await customer.socket.emitWithAck(canary('event'), { x: canary('payload') })
    await customer.socket.emitWithAck('message:send', { conversationId, content: words(), extra: canary('extra') })
    await other.request('session:renew', { token: agent.token })
    await other.refused('session:renew', { token: canary('token') })
    return { customer, conversationId, words }
  }

  test('appears in the trace log of a complete run with failures; each line is one JSON object', async () => {
    const { admin, token } = await setUp()
    await signIn(admin)
    const again = ((await call('POST', '/auth/login', admin)).body as LoginReply).token
    await makeRejectedCalls(token)
    const user = { username: canary('username'), password: canary('password'), name: canary('name'), role: 'agent' }
    await call('POST', '/users', { ...user, email: `${canary('email')}@example.com` }, again)
    await call(
      'PATCH',
      '/me',
      { name: canary('name'), password: canary('password'), oldPassword: canary('old') },
      again,
    )
    const { session, greeting } = await identified(again)
    const agent = await app.newAgent({ name: canary('name') })
    canaries.push(agent.token)
    await agent.call('GET', '/users')
    const { customer, conversationId, words } = await chat(session, agent)

    // From here on the database fails, with errors that repeat their input.
    await sql`ALTER TABLE sites ADD UNIQUE (greeting)`.execute(app.db)
    expect((await call('POST', '/sites', { name: canary('site'), greeting }, again)).status).toBe(500)
    await sql`ALTER TABLE messages DROP COLUMN content`.execute(app.db)
    const broken = { conversationId, clientMessageId: 'broken', content: words() }
    expect(await customer.refused('message:send', broken)).toBe('internal')
    await sql`ALTER TABLE users DROP COLUMN password_hash`.execute(app.db)
    expect((await call('POST', '/auth/login', admin)).status).toBe(500)

    const entries = lines.map((line) => JSON.parse(line))
    for (const line of entries) expect(line).toMatchObject({ level: expect.any(Number), msg: expect.any(String) })
    expect(lines.filter((line) => !/^\{[^\n]*\}\n$/.test(line))).toEqual([])
    expect(entries.filter(({ msg }) => msg === 'request failed').map(({ err }) => err.errno)).toEqual([
      1062, 1054, 1054,
    ])
    const kinds = new Set(entries.map(({ event }) => event).filter(Boolean))
    expect([...kinds].sort()).toEqual([
      'account_changed',
      'forbidden',
      'identity_refused',
      'identity_secret_made',
      'sign_in',
      'sign_in_refused',
      'token_reused',
    ])
    expect(canaries.length).toBeGreaterThan(80)
    const found = canaries.filter((text) => lines.some((line) => line.includes(text)))
    expect(found).toEqual([])
  })
})
