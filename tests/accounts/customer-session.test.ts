// The widget's session: a returning customer keeps their identity, and nobody gets the identity of another.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Site } from '#protocol/entities.ts'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startSession } from '../../server/customers/start-session.ts'
import { loopback, startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { ageRotation, codeOf } from './logins.ts'

describe("the widget's session", () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  async function session(body: object = {}): Promise<WidgetSessionReply> {
    const answer = await app.call('POST', '/widget/session', body)
    expect(answer.status).toBe(200)
    return answer.body as WidgetSessionReply
  }

  it('starts with a new anonymous customer, on the first site or the named one [CS1]', async () => {
    const [one, two] = [await session(), await session({ site: app.siteKey })]
    const { id } = one.customer
    expect(one.customer).toEqual({ id, name: `#${id}`, email: null, isEmailVerified: false })
    expect(two.customer.id).not.toBe(one.customer.id)
    expect(one.site).toEqual({
      key: app.siteKey,
      name: 'Mist & Leaf',
      origins: ['https://shop.example'],
      color: '#0f766e',
      position: 'right',
      greeting: null,
      available: false,
    })
    expect(two.site).toEqual(one.site)
    expect(one.expiresIn).toBe(limits.accessTokenMs / 1000)
    const client = await connectClient(app.url, one.token)
    await client.request('conversation:start', {})
    client.close()
    expect(codeOf(await app.call('POST', '/widget/session', { site: 'nope' }))).toBe('not_found')
  })

  it('resumes with a resume token and replaces that token each time [CS2]', async () => {
    const first = await session()
    let { resumeToken } = first
    for (let i = 0; i < 3; i++) {
      const next = await session({ resumeToken })
      expect(next.customer.id).toBe(first.customer.id)
      expect(next.resumeToken).not.toBe(resumeToken)
      resumeToken = next.resumeToken
    }
  })

  it('resumes after a lost reply, from two tabs concurrently, and after any delay [CS2]', async () => {
    const { resumeToken, customer } = await session()
    const [lost, again] = await Promise.all([session({ resumeToken }), session({ resumeToken })])
    expect(again).toMatchObject({ customer, resumeToken: lost.resumeToken })
    const late = new Date(Date.now() - 30 * 24 * 3600_000)
    await app.db.updateTable('customer_sessions').set({ rotated_at: late }).where('user_id', '=', customer.id).execute()
    expect(await session({ resumeToken })).toMatchObject({ customer, resumeToken: lost.resumeToken })
    expect(await session({ resumeToken: lost.resumeToken })).toMatchObject({ customer })
  })

  it('[CS2] [F1] resumes with any of the last tokens within the grace period, and gets the current one', async () => {
    const { resumeToken: first, customer } = await session()
    const tokens = [first]
    for (let tab = 0; tab < 20; tab++) {
      tokens.push((await session({ resumeToken: tokens.at(-1) })).resumeToken)
      for (const late of tokens.slice(0, -1))
        expect(await session({ resumeToken: late })).toMatchObject({ customer, resumeToken: tokens.at(-1) })
      // The session remembers no more: it keeps its token instead of forgetting one that a tab may hold.
      if (tokens.at(-1) === tokens.at(-2)) break
    }
    expect(new Set(tokens).size).toBe(serverLimits.formerTokens + 2)
    await ageRotation(app, customer.id, limits.resumeGraceMs + 1000)
    expect((await session({ resumeToken: tokens.at(-1) })).resumeToken).not.toBe(tokens.at(-1))
  })

  it('[CS2] [F1] resumes after a lost reply whose signing secret was removed', async () => {
    const { resumeToken, customer } = await session()
    await session({ resumeToken })
    const changed = { ...app, jwtSecrets: ['n'.repeat(40)] }
    const again = await startSession(changed, { resumeToken }, loopback)
    expect(again.customer).toEqual(customer)
    expect((await startSession(changed, { resumeToken: again.resumeToken }, loopback)).customer).toEqual(customer)
  })

  it('resumes under a new signing secret, also after a lost reply [CS2] [AU9]', async () => {
    const { resumeToken, customer } = await session()
    const lost = await session({ resumeToken })
    const rotated = { ...app, jwtSecrets: ['n'.repeat(40), ...app.jwtSecrets] }
    const again = await startSession(rotated, { resumeToken }, loopback)
    expect(again).toMatchObject({ customer, resumeToken: lost.resumeToken })
    expect((await startSession(rotated, { resumeToken: again.resumeToken }, loopback)).customer).toEqual(customer)
  })

  it('starts from scratch with an older, forged or expired token, or one of another site [CS3]', async () => {
    const { resumeToken: oldest, customer } = await session()
    const { resumeToken: older } = await session({ resumeToken: oldest })
    const { resumeToken: current } = await session({ resumeToken: older })
    await ageRotation(app, customer.id, limits.resumeGraceMs + 1000)
    const [id] = current.split('.')
    const admin = await app.newAgent({ role: 'admin' })
    const other = (await admin.call('POST', '/sites', { name: 'Other' })).body as Site
    const bad = [
      { resumeToken: oldest },
      { resumeToken: 'rubbish' },
      { resumeToken: `${id}.${'A'.repeat(43)}` },
      { resumeToken: current, site: other.key },
      { token: 'a.b.c' },
      { token: admin.token },
    ]
    for (const body of bad) expect((await session(body)).customer.id, JSON.stringify(body)).not.toBe(customer.id)
    expect((await session({ resumeToken: current })).customer).toEqual(customer)

    const leaving = await session()
    const past = new Date(Date.now() - 60_000)
    await app.db
      .updateTable('customer_sessions')
      .set({ expires_at: past })
      .where('user_id', '=', leaving.customer.id)
      .execute()
    const { resumeToken, token } = leaving
    expect((await session({ resumeToken, token })).customer.id).not.toBe(leaving.customer.id)
  })

  it('expires 180 days after its last use [CS2]', async () => {
    const { resumeToken, customer } = await session()
    const soon = new Date(Date.now() + 60_000)
    await app.db.updateTable('customer_sessions').set({ expires_at: soon }).where('user_id', '=', customer.id).execute()
    await session({ resumeToken })
    const { expires_at } = await app.db
      .selectFrom('customer_sessions')
      .select('expires_at')
      .where('user_id', '=', customer.id)
      .executeTakeFirstOrThrow()
    expect(Math.abs(Date.parse(expires_at) - Date.now() - limits.customerSessionMs)).toBeLessThan(60_000)
  })

  it('resumes with an access token alone, also when the resume token is invalid [CS4]', async () => {
    const { token, resumeToken, customer } = await session()
    const next = await session({ token })
    expect(next.customer).toEqual(customer)
    expect(await session({ resumeToken })).toMatchObject({ customer, resumeToken: next.resumeToken })
    expect((await session({ token, resumeToken: `1.${'A'.repeat(43)}` })).customer).toEqual(customer)
  })

  it('stores the name, email and language that the page reports [CS5]', async () => {
    const reported = await session({ name: '小明', email: 'ming@inbox.example', locale: 'zh-TW' })
    expect(reported.customer).toMatchObject({ name: '小明', email: 'ming@inbox.example' })
    const renamed = await session({ resumeToken: reported.resumeToken, name: '大明', locale: 'fr-FR' })
    expect(renamed.customer).toEqual({ ...reported.customer, name: '大明' })
    expect((await session({ resumeToken: renamed.resumeToken })).customer).toEqual(renamed.customer)
    const languages = async (locale: string) => {
      const { customer } = await session({ locale })
      const row = await app.db.selectFrom('users').select('language').where('id', '=', customer.id).executeTakeFirst()
      return row?.language
    }
    expect(await languages('zh')).toBe('zh-CN')
    expect(await languages('ZH-hans-cn')).toBe('zh-CN')
    expect(await languages('zhx')).toBe('en')
    expect(await languages('de-DE')).toBe('en')
  })

  it('ends on widget logout together with its connections, and ends no other session [CS10]', async () => {
    const { resumeToken, customer, token } = await session()
    const other = await session()
    const logout = (resumeToken: string) => app.call('POST', '/widget/logout', { resumeToken })
    const [client, stays] = [await connectClient(app.url, token), await connectClient(app.url, other.token)]
    const [id] = resumeToken.split('.')
    for (const bad of ['rubbish', `${id}.${'A'.repeat(43)}`]) expect((await logout(bad)).status).toBe(204)
    expect(client.socket.connected).toBe(true)
    expect((await logout(resumeToken)).status).toBe(204)
    expect(await client.next('connection:closing')).toEqual({ reason: 'revoked' })
    await expect(connectClient(app.url, token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
    expect((await session({ resumeToken, token })).customer.id).not.toBe(customer.id)
    expect((await logout(resumeToken)).status).toBe(204)
    expect(stays.socket.connected).toBe(true)
    client.close()
    stays.close()
  })

  it('works for a blocked customer too [CS8]', async () => {
    const { resumeToken, customer, token } = await session()
    const agent = await (await app.newAgent()).connect()
    const blocked = await agent.request('customer:set-blocked', { customerId: customer.id, blocked: true })
    expect(blocked).toEqual({ customerId: customer.id, blocked: true })
    expect((await session({ resumeToken })).customer).toEqual(customer)
    const client = await connectClient(app.url, token)
    expect(await client.refused('conversation:start', {})).toBe('forbidden')
    client.close()
  })

  it('reports whether an agent is available [CS1]', async () => {
    const agent = await (await app.newAgent()).connect()
    await agent.request('agent:list', {})
    expect((await session()).site.available).toBe(true)
  })

  it('starts 30 times in a burst from one address, then once every two seconds [CS6] [T18]', async () => {
    let now = Date.now()
    const limited = await startTestApp({ rateLimits: true, now: () => now })
    const begin = () => limited.call('POST', '/widget/session', {})
    const { count, windowMs } = budgets.sessionsPerAddress
    for (let i = 0; i < count; i++) expect((await begin()).status).toBe(200)
    const refused = await begin()
    expect(refused).toMatchObject({ status: 429, body: { error: { details: { retryAfterMs: windowMs / count } } } })
    now += windowMs / count
    expect((await begin()).status).toBe(200)
    await limited.stop()
  })
})
