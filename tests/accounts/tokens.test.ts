// Access tokens: every invalid token gets the same error, whatever its fault.

import { createHmac } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { authenticate } from '../../server/auth/authenticate.ts'
import { signAccessToken } from '../../server/auth/tokens.ts'
import { loopback, startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'

describe('access tokens', () => {
  let app: TestApp
  let now = Date.now()
  beforeAll(async () => {
    app = await startTestApp({ now: () => now })
  })
  afterAll(() => app.stop())

  async function refusalOf(token: unknown): Promise<unknown> {
    return authenticate(app, token, loopback).then(
      () => 'accepted',
      (error: unknown) => JSON.stringify(error, ['name', 'code', 'message', 'details']),
    )
  }

  it('get the same error for every fault [AU8] [T05]', async () => {
    const agent = await app.newAgent()
    const customer = await app.newCustomer()
    const revoked = await app.newAgent()
    const disabled = await app.newAgent()
    const past = new Date(Date.now() - 60_000)
    await app.db.updateTable('login_sessions').set({ revoked_at: past }).where('user_id', '=', revoked.id).execute()
    await app.db.updateTable('users').set({ disabled_at: past }).where('id', '=', disabled.id).execute()

    const secret = app.jwtSecrets[0] as string
    const decoded = jwt.decode(agent.token, { complete: true }) as jwt.Jwt
    const claims = decoded.payload as jwt.JwtPayload
    const [head, body, signature] = agent.token.split('.') as [string, string, string]
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    /** Signed like Kefu's own tokens, except for the given claims. */
    function forged(header: object, changes: object = {}, key = secret, algorithm = 'sha256') {
      const text = `${part({ ...decoded.header, ...header })}.${part({ ...claims, ...changes })}`
      return `${text}.${createHmac(algorithm, key).update(text).digest('base64url')}`
    }
    const without = (name: string) => forged({}, { [name]: undefined })
    expect(await refusalOf(forged({}))).toBe('accepted')

    const bad: unknown[] = [
      undefined,
      null,
      0,
      {},
      [agent.token],
      '',
      '.',
      '..',
      'a.b.c',
      'x'.repeat(5000),
      '\u0000',
      '中文',
      head,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${agent.token}A`,
      `${agent.token}.`,
      ` ${agent.token}`,
      `${head}.${part({ ...claims, sub: String(agent.id + 1) })}.${signature}`,
      `${part({ alg: 'none', typ: decoded.header.typ, kid: decoded.header.kid })}.${body}.`,
      forged({ alg: 'none' }),
      forged({ alg: 'HS512' }, {}, secret, 'sha512'),
      forged({ alg: 'RS256' }),
      forged({}, {}, 's'.repeat(40)),
      forged({ kid: 'other' }),
      forged({ kid: undefined }),
      forged({ kid: '../../etc/passwd' }),
      forged({ typ: 'JWT' }),
      forged({ typ: undefined }),
      without('iss'),
      without('aud'),
      without('sub'),
      without('sid'),
      without('exp'),
      forged({}, { iss: 'somebody' }),
      forged({}, { aud: 'admin' }),
      forged({}, { aud: ['agent', 'customer'] }),
      forged({}, { aud: 'customer' }),
      forged({}, { sub: String(customer.id) }),
      forged({}, { sub: '0' }),
      forged({}, { sub: '1 or 1=1' }),
      forged({}, { sid: agent.sessionId + 1000 }),
      forged({}, { sid: String(agent.sessionId) }),
      forged({}, { sid: customer.sessionId, aud: 'customer' }),
      forged({}, { exp: Math.floor(now / 1000) }),
      forged({}, { exp: 'never' }),
      forged({}, { nbf: Math.floor(now / 1000) + 60 }),
      signAccessToken(app, { userId: customer.id, sessionId: customer.sessionId, audience: 'agent' }).token,
      revoked.token,
      disabled.token,
    ]
    const refusals = await Promise.all(bad.map(refusalOf))
    const expected = refusals[0]
    expect(expected).toContain('unauthorized')
    expect(bad.filter((_, index) => refusals[index] !== expected)).toEqual([])
    expect(bad.length).toBeGreaterThanOrEqual(40)
  })

  it('expire after ten minutes, over HTTP and over a socket [AU8] [T06]', async () => {
    const agent = await app.newAgent()
    now += limits.accessTokenMs - 2000
    expect((await agent.call('GET', '/me')).status).toBe(200)
    now += 2000
    expect(await agent.call('GET', '/me')).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } })
    await expect(connectClient(app.url, agent.token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
  })

  it('signed by an older secret work while that secret is in the list [AU9] [T06]', async () => {
    const agent = await app.newAgent()
    const [old] = app.jwtSecrets
    const ring = { db: app.db, now: app.now, jwtSecrets: ['n'.repeat(40), old as string] }
    expect((await authenticate(ring, agent.token, loopback)).actor.userId).toBe(agent.id)
    const renewed = signAccessToken(ring, { userId: agent.id, sessionId: agent.sessionId, audience: 'agent' })
    expect((await authenticate(ring, renewed.token, loopback)).actor.userId).toBe(agent.id)
    expect(await refusalOf(renewed.token)).toContain('unauthorized')
  })
})
