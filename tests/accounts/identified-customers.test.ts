// Customers signed by their shop: who is who, and that unsigned claims of a page give nobody another's identity.

import { createHmac } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Site } from '#protocol/entities.ts'
import type { IdentitySecretReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { verifyIdentity } from '../../server/customers/verify-identity.ts'
import { resealIdentitySecrets } from '../../server/sites/reseal-identity-secrets.ts'
import { type HttpReply, loopback, startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { codeOf } from './logins.ts'

describe('an identified customer', () => {
  let app: TestApp
  let admin: TestAccount
  let site: Site
  let secret: string
  let now = Date.now()
  let people = 0

  beforeAll(async () => {
    app = await startTestApp({ now: () => now })
    admin = await app.newAgent({ role: 'admin' })
    site = (await admin.call('POST', '/sites', { name: 'Tea' })).body as Site
    secret = (await newSecret()).secret
  })
  afterAll(() => app.stop())

  async function newSecret(of = site, body: object = {}): Promise<IdentitySecretReply> {
    const answer = await admin.call('POST', `/sites/${of.id}/identity-secret`, body)
    expect(answer.status).toBe(201)
    return answer.body as IdentitySecretReply
  }

  const newSub = () => `customer ${++people}`
  const seconds = () => Math.floor(now / 1000)
  /** Signs as a shop's server would. */
  const identityOf = (sub: string, claims: object = {}, key = secret) =>
    jwt.sign(JSON.stringify({ sub, aud: site.key, exp: seconds() + 300, ...claims }), key, {
      header: { alg: 'HS256', typ: 'JWT' },
    })
  const ask = (body: object): Promise<HttpReply> => app.call('POST', '/widget/session', { site: site.key, ...body })

  async function session(body: object = {}): Promise<WidgetSessionReply> {
    const answer = await ask(body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return answer.body as WidgetSessionReply
  }

  /** Starts a conversation with this message and returns its id. */
  async function write({ token }: WidgetSessionReply, content: string): Promise<number> {
    const client = await connectClient(app.url, token)
    const message = { clientMessageId: 'm', content }
    const { conversation } = await client.request('conversation:start', { message })
    client.close()
    return conversation.id
  }
  async function conversationsOf({ token }: WidgetSessionReply): Promise<number[]> {
    const client = await connectClient(app.url, token)
    const { conversations } = await client.request('conversation:list', {})
    client.close()
    return conversations.map(({ id }) => id)
  }
  const rowOf = ({ customer }: WidgetSessionReply) =>
    app.db
      .selectFrom('users')
      .select(['name', 'email', 'external_id', 'is_name_verified', 'is_email_verified'])
      .where('id', '=', customer.id)
      .executeTakeFirstOrThrow()

  it('is one customer in every browser, also when two browsers identify concurrently [ID3]', async () => {
    const sub = newSub()
    const both = await Promise.all([session({ identity: identityOf(sub) }), session({ identity: identityOf(sub) })])
    const later = await session({ identity: identityOf(sub, { name: '小明', email: 'ming@inbox.example' }) })
    expect(new Set([...both, later].map(({ customer }) => customer.id)).size).toBe(1)
    expect(later.customer).toMatchObject({ name: '小明', email: 'ming@inbox.example', isEmailVerified: true })
    expect((await session({ resumeToken: later.resumeToken })).customer).toEqual(later.customer)
    expect((await session({ identity: identityOf(newSub()) })).customer.id).not.toBe(later.customer.id)
    // External ids are compared byte by byte.
    expect((await session({ identity: identityOf(sub.toUpperCase()) })).customer.id).not.toBe(later.customer.id)
  })

  it('is a different customer on another site [ID3]', async () => {
    const other = (await admin.call('POST', '/sites', { name: 'Other' })).body as Site
    const { secret: otherSecret } = await newSecret(other)
    const sub = newSub()
    const here = await session({ identity: identityOf(sub) })
    const identity = identityOf(sub, { aud: other.key }, otherSecret)
    expect((await session({ identity, site: other.key })).customer.id).not.toBe(here.customer.id)
    expect(codeOf(await ask({ identity: identityOf(sub), site: other.key }))).toBe('unauthorized')
    expect(codeOf(await ask({ identity: identityOf(sub, { aud: other.key }) }))).toBe('unauthorized')
  })

  it('needs a valid identity; every invalid one gets the same error [ID2] [T05]', async () => {
    const sub = newSub()
    const { resumeToken, customer } = await session()
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub, aud: site.key, exp: seconds() + 300 }
    function forged(header: object, key = secret, algorithm = 'sha256') {
      const text = `${part({ alg: 'HS256', ...header })}.${part(claims)}`
      return `${text}.${createHmac(algorithm, key).update(text).digest('base64url')}`
    }
    expect((await session({ identity: forged({}) })).customer.id).not.toBe(customer.id)
    const longest = limits.identityMs / 1000 + limits.identityClockSkewMs / 1000
    const bad = [
      'a.b.c',
      'rubbish',
      admin.token,
      (await session()).token,
      `${forged({})}A`,
      forged({ alg: 'none' }),
      `${part({ alg: 'none' })}.${part(claims)}.`,
      forged({ alg: 'HS512' }, secret, 'sha512'),
      forged({ alg: 'RS256' }),
      forged({ crit: ['b64'] }),
      forged({ typ: 'kefu-access+jwt' }),
      forged({}, 's'.repeat(43)),
      forged({}, app.jwtSecrets[0]),
      identityOf(sub, { aud: 'another' }),
      identityOf(sub, { aud: [site.key, 'another'] }),
      identityOf(sub, { aud: undefined }),
      identityOf(sub, { exp: undefined }),
      identityOf(sub, { exp: seconds() - limits.identityClockSkewMs / 1000 }),
      identityOf(sub, { exp: seconds() + longest + 1 }),
      identityOf(sub, { nbf: seconds() + 60 }),
      identityOf(''),
      identityOf(' 7'),
      identityOf('7 '),
      identityOf('7\n8'),
      identityOf('x'.repeat(limits.externalIdLength + 1)),
      jwt.sign({ aud: site.key, exp: seconds() + 300 }, secret),
    ]
    const answers = await Promise.all(bad.map((identity) => ask({ identity, resumeToken })))
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, body: { error: { code: 'unauthorized' } } })
    // None of the attempts ended the session.
    expect((await session({ resumeToken })).customer).toEqual(customer)
    const edge = { exp: seconds() + longest }
    expect((await session({ identity: identityOf(sub, edge) })).customer.id).not.toBe(customer.id)
    expect((await ask({ identity: identityOf(sub, { exp: seconds() - 29 }) })).status).toBe(200)
  })

  it("keeps an anonymous customer's messages when first identified [ID4]", async () => {
    const anonymous = await session({ name: 'Ann' })
    const conversationId = await write(anonymous, 'before I signed in')
    const agent = await (await app.newAgent()).connect()
    const tab = await connectClient(app.url, anonymous.token)
    const sub = newSub()
    const identified = await session({ resumeToken: anonymous.resumeToken, identity: identityOf(sub) })
    expect(identified.customer).toEqual(anonymous.customer)
    expect(await conversationsOf(identified)).toEqual([conversationId])
    // Tokens issued before identification open nothing.
    expect(await tab.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect((await session({ resumeToken: anonymous.resumeToken })).customer.id).not.toBe(identified.customer.id)
    const update = await agent.next('conversation:updated', ({ change }) => change === 'customer')
    expect(update.conversation.customer).toMatchObject({ externalId: sub, name: 'Ann', isNameVerified: false })
    const elsewhere = await session({ identity: identityOf(sub) })
    expect(await conversationsOf(elsewhere)).toEqual([conversationId])
    tab.close()
  })

  it('is never merged with the anonymous customer of a browser where they sign in later [ID4] [T19]', async () => {
    const sub = newSub()
    const identified = await session({ identity: identityOf(sub) })
    const history = await write(identified, 'mine')
    const anonymous = await session()
    const foreign = await write(anonymous, 'somebody at the same screen')
    const tab = await connectClient(app.url, anonymous.token)
    const swapped = await session({ resumeToken: anonymous.resumeToken, identity: identityOf(sub) })
    expect(swapped.customer).toEqual(identified.customer)
    expect(await conversationsOf(swapped)).toEqual([history])
    expect(await tab.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(await rowOf(anonymous)).toMatchObject({ external_id: null })
    const rows = app.db.selectFrom('conversations').select('customer_id').where('id', '=', foreign)
    expect(await rows.execute()).toEqual([{ customer_id: anonymous.customer.id }])
    tab.close()
  })

  it("replaces another customer in a browser and ends that customer's session and connections [ID5] [T20]", async () => {
    const [subA, subB] = [newSub(), newSub()]
    const a = await session({ identity: identityOf(subA) })
    await write(a, 'of A alone')
    const tab = await connectClient(app.url, a.token)
    const phone = await session({ identity: identityOf(subA) })
    const b = await session({ resumeToken: a.resumeToken, token: a.token, identity: identityOf(subB) })
    expect(b.customer.id).not.toBe(a.customer.id)
    expect(await conversationsOf(b)).toEqual([])
    expect(await tab.next('connection:closing')).toEqual({ reason: 'revoked' })
    await expect(connectClient(app.url, a.token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
    expect((await session({ resumeToken: a.resumeToken })).customer.id).not.toBe(a.customer.id)
    // Only in this browser.
    expect((await session({ resumeToken: phone.resumeToken })).customer).toEqual(a.customer)
    tab.close()
  })

  it('stays in one session when the same identity is sent again [ID5]', async () => {
    const sub = newSub()
    const first = await session({ identity: identityOf(sub) })
    const tab = await connectClient(app.url, first.token)
    const again = await session({ resumeToken: first.resumeToken, identity: identityOf(sub) })
    expect(again.resumeToken.split('.')[0]).toBe(first.resumeToken.split('.')[0])
    await tab.request('conversation:list', {})
    tab.close()
  })

  it('has the signed name; unsigned values only fill gaps and are marked as unverified [ID6] [T19]', async () => {
    const sub = newSub()
    const signed = await session({
      identity: identityOf(sub, { name: 'Ming' }),
      name: 'Boss',
      email: 'a@inbox.example',
    })
    expect(await rowOf(signed)).toEqual({
      name: 'Ming',
      email: 'a@inbox.example',
      external_id: sub,
      is_name_verified: true,
      is_email_verified: false,
    })
    const unsigned = await session({ resumeToken: signed.resumeToken, name: 'Boss', email: 'b@inbox.example' })
    expect(unsigned.customer).toMatchObject({ name: 'Ming', email: 'b@inbox.example', isEmailVerified: false })
    const signedAgain = await session({ identity: identityOf(sub, { email: 'c@inbox.example', name: 'Mei' }) })
    expect(signedAgain.customer).toMatchObject({ name: 'Mei', email: 'c@inbox.example', isEmailVerified: true })
    const later = await session({ resumeToken: signedAgain.resumeToken, email: 'd@inbox.example' })
    expect(later.customer).toEqual(signedAgain.customer)
    // An unsigned address or name identifies nobody.
    const stranger = await session({ name: 'Mei', email: 'c@inbox.example' })
    expect(stranger.customer.id).not.toBe(signedAgain.customer.id)
    expect(await rowOf(stranger)).toMatchObject({ is_name_verified: false, is_email_verified: false })
  })

  it('can talk even if the shop signed an odd name or address [ID6]', async () => {
    const odd = { name: `  ${'名'.repeat(100)}`, email: 'no address' }
    const { customer } = await session({ identity: identityOf(newSub(), odd) })
    expect(customer).toMatchObject({ name: '名'.repeat(limits.nameLength), email: null })
    const worse = await session({ identity: identityOf(newSub(), { name: 'a\u0000b', email: 7 }) })
    expect(worse.customer).toMatchObject({ name: `#${worse.customer.id}`, email: null })
  })

  it('is the only kind of customer on a site that requires identity [ID7] [T19]', async () => {
    const strict = (await admin.call('POST', '/sites', { name: 'Strict' })).body as Site
    const patch = (body: object) => admin.call('PATCH', `/sites/${strict.id}`, body)
    expect(codeOf(await patch({ requireIdentity: true }))).toBe('conflict')
    const { secret: key, site: withSecret } = await newSecret(strict)
    expect(withSecret).toEqual({ ...strict, identitySecretMadeAt: expect.stringMatching(/^2/) })
    const before = await session({ site: strict.key })
    expect((await patch({ requireIdentity: true })).body).toEqual({ ...withSecret, requireIdentity: true })
    const anonymous = [{}, { name: 'Ann' }, { resumeToken: before.resumeToken }, { token: before.token }]
    for (const body of anonymous) {
      expect(await ask({ site: strict.key, ...body }), JSON.stringify(body)).toMatchObject({
        status: 403,
        body: { error: { code: 'identity_required', retryable: false } },
      })
    }
    const identity = identityOf(newSub(), { aud: strict.key }, key)
    const identified = await session({ site: strict.key, identity, resumeToken: before.resumeToken })
    expect(identified.customer.id).toBe(before.customer.id)
    expect((await session({ site: strict.key, resumeToken: identified.resumeToken })).customer).toEqual(
      identified.customer,
    )
    await patch({ requireIdentity: false })
    await session({ site: strict.key })
  })

  it('is signed with a secret that is shown once and stored sealed [ID1]', async () => {
    const list = JSON.stringify((await admin.call('GET', '/sites')).body)
    expect(list).not.toContain(secret)
    expect(list).not.toMatch(/secret":"|[0-9a-f]{40}/)
    const { identity_secret } = await app.db
      .selectFrom('sites')
      .select('identity_secret')
      .where('id', '=', site.id)
      .executeTakeFirstOrThrow()
    expect(identity_secret?.length).toBeGreaterThan(secret.length)
    expect(identity_secret?.includes(secret)).toBe(false)
    expect(codeOf(await admin.call('POST', '/sites/999999/identity-secret', {}))).toBe('not_found')
  })

  it('stays verifiable under a new first JWT_SECRET and after the old one is removed [ID1] [AU9] [T06]', async () => {
    const shop = (await admin.call('POST', '/sites', { name: 'Rotating' })).body as Site
    const keys = [(await newSecret(shop)).secret, (await newSecret(shop)).secret]
    const record = { ...shop, requireIdentity: false }
    const ring = ['n'.repeat(40), ...app.jwtSecrets]
    const verify = (jwtSecrets: readonly string[]) =>
      Promise.all(
        keys.map((key) =>
          verifyIdentity({ ...app, jwtSecrets }, record, identityOf('7', { aud: shop.key }, key), loopback),
        ),
      )
    await expect(verify(ring)).resolves.toHaveLength(2)
    await expect(verify(ring.slice(0, 1))).rejects.toMatchObject({ code: 'unauthorized' })
    const warned: unknown[] = []
    const log = { ...app.log, warn: (said: unknown) => warned.push(said) } as unknown as TestApp['log']
    await resealIdentitySecrets({ ...app, log, jwtSecrets: ring.slice(0, 1) })
    expect(warned).toEqual([{ sites: expect.arrayContaining([shop.id]) }])
    await resealIdentitySecrets({ ...app, jwtSecrets: ring })
    await expect(verify(ring.slice(0, 1))).resolves.toHaveLength(2)
    await expect(verify(app.jwtSecrets)).rejects.toMatchObject({ code: 'unauthorized' })
    await resealIdentitySecrets({ ...app, jwtSecrets: [...app.jwtSecrets, ring[0] as string] })
    await expect(verify(app.jwtSecrets)).resolves.toHaveLength(2)
  })

  it('accepts the previous secret for one more day, or not at all after a leak [ID1]', async () => {
    const former = secret
    const identified = await session({ identity: identityOf(newSub()) })
    const anonymous = await session()
    secret = (await newSecret()).secret
    await session({ identity: identityOf(newSub(), {}, former) })
    const yesterday = new Date(Date.now() - limits.formerIdentitySecretMs - 1000)
    await app.db.updateTable('sites').set({ identity_secret_made_at: yesterday }).where('id', '=', site.id).execute()
    expect(codeOf(await ask({ identity: identityOf(newSub(), {}, former) }))).toBe('unauthorized')
    const leaked = secret
    secret = (await newSecret(site, { endFormer: true })).secret
    expect(codeOf(await ask({ identity: identityOf(newSub(), {}, leaked) }))).toBe('unauthorized')
    await expect(connectClient(app.url, identified.token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
    expect((await session({ resumeToken: identified.resumeToken })).customer.id).not.toBe(identified.customer.id)
    expect((await session({ resumeToken: anonymous.resumeToken })).customer).toEqual(anonymous.customer)
    await session({ identity: identityOf(newSub()) })
  })

  it('is found again by the same identity after a lost reply [ID3]', async () => {
    const anonymous = await session()
    const sub = newSub()
    const body = { resumeToken: anonymous.resumeToken, identity: identityOf(sub) }
    const lost = await session(body)
    expect((await session(body)).customer).toEqual(lost.customer)
    now += 1000
  })
})
