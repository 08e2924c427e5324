// JWT_SECRET rotation: Kefu starts with the new secret first in the list, later without the old one. Nobody is logged
// out.

import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { codeOf, cookieOf, type LoggedIn, logIn, newUser, refresh } from './logins.ts'

describe('rotating JWT_SECRET', () => {
  let before: TestApp
  let between: TestApp
  let after: TestApp
  /** Tokens issued under the old secret. */
  let agent: LoggedIn
  let customer: WidgetSessionReply

  beforeAll(async () => {
    before = await startTestApp()
    const [old] = before.jwtSecrets as [string]
    between = await startTestApp({ restartOf: before, jwtSecrets: ['n'.repeat(40), old] })
    after = await startTestApp({ restartOf: before, jwtSecrets: ['n'.repeat(40)] })
    agent = await logIn(before, (await newUser(before)).username)
    customer = await session(before, {})
  })
  afterAll(async () => {
    await after.stop()
    await between.stop()
    await before.stop()
  })

  async function session(app: TestApp, body: object): Promise<WidgetSessionReply> {
    return (await app.call('POST', '/widget/session', { site: before.siteKey, ...body })).body as WidgetSessionReply
  }
  const me = (app: TestApp, token: string) => app.call('GET', '/me', undefined, { authorization: `Bearer ${token}` })
  const kidOf = (token: string) => jwt.decode(token, { complete: true })?.header.kid

  it('logs nobody out: old tokens work and their successors use the new secret [AU9] [T06]', async () => {
    for (const token of [agent.reply.token, customer.token]) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => connectClient(between.url, token)))
      for (const client of clients) client.close()
    }
    expect((await me(between, agent.reply.token)).status).toBe(200)
    const refreshed = await refresh(between, agent.cookie)
    const { token } = refreshed.body as LoginReply
    expect(kidOf(token)).not.toBe(kidOf(agent.reply.token))
    // On the open connection too.
    const client = await connectClient(between.url, agent.reply.token)
    await client.request('session:renew', { token })
    client.close()
    const resumed = await session(between, { resumeToken: customer.resumeToken })
    expect(resumed.customer).toEqual(customer.customer)
    customer = { ...resumed, token: customer.token }
    agent = { ...agent, cookie: cookieOf(refreshed) }
  })

  it('ends only access tokens when the old secret is removed: cookies and resume tokens work [AU9] [T06]', async () => {
    const untouched = await logIn(before, (await newUser(before)).username)
    const secondCustomer = await session(before, {})
    for (const token of [agent.reply.token, customer.token, secondCustomer.token, untouched.reply.token]) {
      expect(codeOf(await me(after, token))).toBe('unauthorized')
      await expect(connectClient(after.url, token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
    }
    for (const { cookie } of [agent, untouched]) {
      const { status, body } = await refresh(after, cookie)
      expect(status).toBe(200)
      expect((await me(after, (body as LoginReply).token)).status).toBe(200)
    }
    for (const { resumeToken, customer: expected } of [customer, secondCustomer]) {
      expect((await session(after, { resumeToken })).customer).toEqual(expected)
    }
  })
})
