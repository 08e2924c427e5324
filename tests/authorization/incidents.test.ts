// Incidents of other products, repeated against Kefu. Each title names the issue, advisory or audit.

import { createHmac } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentitySecretReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName } from '#protocol/requests.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { type Client, connectClient } from '../support/client.ts'

let app: TestApp
let admin: TestAccount
beforeAll(async () => {
  app = await startTestApp()
  admin = await app.newAgent({ role: 'admin' })
})
afterAll(() => app.stop())

const secretWords = 'my card number is on file'

async function widgetSession(body: object = {}): Promise<WidgetSessionReply> {
  const answer = await app.call('POST', '/widget/session', body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body as WidgetSessionReply
}

/** A customer of the widget who has sent a message. */
async function customerWithSecret(body: object = {}) {
  const session = await widgetSession(body)
  const client = await connectClient(app.url, session.token)
  const message = { clientMessageId: 'secret', content: secretWords }
  const { conversation } = await client.request('conversation:start', { message })
  return { session, client, conversationId: conversation.id }
}

async function seenBy({ token }: Pick<WidgetSessionReply, 'token'>): Promise<string> {
  const client = await connectClient(app.url, token)
  const list = await client.request('conversation:list', { view: 'all' })
  client.close()
  return JSON.stringify(list)
}

const customerId = ({ customer }: WidgetSessionReply) => customer.id

async function newSite() {
  const site = (await admin.call('POST', '/sites', { name: 'Another shop' })).body as { id: number; key: string }
  const { body } = await admin.call('POST', `/sites/${site.id}/identity-secret`, {})
  return { ...site, secret: (body as IdentitySecretReply).secret }
}

const identityFor = ({ key, secret }: { key: string; secret: string }, sub: string) =>
  jwt.sign({ sub, aud: key }, secret, { expiresIn: 300 })

/** The events about conversations. Everybody may know the availability of agents. */
const conversationEvents = (client: Client) =>
  client.received.filter(({ event }) => !['availability:changed', 'epoch:changed'].includes(event))

describe('Chatwoot', () => {
  it('#2762 [T19]: the email address of another customer opens no history', async () => {
    const email = 'mei@example.com'
    const mei = await customerWithSecret({ email, name: 'Mei' })
    const thief = await widgetSession({ email, name: 'Mei' })
    expect(customerId(thief)).not.toBe(customerId(mei.session))
    expect(await seenBy(thief)).not.toContain(secretWords)
    mei.client.close()
  })

  it('#2694 [T19]: an empty or missing signature identifies nobody', async () => {
    const site = await newSite()
    const good = identityFor(site, 'mei')
    const identified = await customerWithSecret({ site: site.key, identity: good })
    const [head = '', body = ''] = good.split('.')
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    for (const identity of [`${head}.${body}.`, `${head}.${body}`, `${none}.${body}.`, `${none}.${body}`, 'mei']) {
      const { status } = await app.call('POST', '/widget/session', { site: site.key, identity })
      expect(status, identity).toBe(401)
    }
    for (const identity of ['', null, {}, 0]) {
      const { status } = await app.call('POST', '/widget/session', { site: site.key, identity })
      expect(status, String(identity)).toBe(400)
    }
    identified.client.close()
  })

  it('#2070 [T01]: a new customer sees no conversation of the previous customer in this browser', async () => {
    const before = await customerWithSecret()
    const next = await customerWithSecret()
    const list = JSON.parse(await seenBy(next.session)) as { conversations: { id: number }[] }
    expect(list.conversations.map(({ id }) => id)).toEqual([next.conversationId])
    for (const { client } of [before, next]) client.close()
  })

  it('#1664 [T20]: one browser on two sites is two customers', async () => {
    const other = await newSite()
    const here = await customerWithSecret({ site: app.siteKey })
    const { resumeToken, token } = here.session
    for (const proof of [{ resumeToken }, { token }, { resumeToken, token }]) {
      const there = await widgetSession({ site: other.key, ...proof })
      expect(customerId(there)).not.toBe(customerId(here.session))
      expect(await seenBy(there)).not.toContain(secretWords)
    }
    here.client.close()
  })

  it('#15933 [T20]: when another customer signs in, the previous customer’s connection is closed', async () => {
    const site = await newSite()
    const one = await customerWithSecret({ site: site.key, identity: identityFor(site, 'one') })
    const { resumeToken } = one.session
    const two = await widgetSession({ site: site.key, resumeToken, identity: identityFor(site, 'two') })
    expect(customerId(two)).not.toBe(customerId(one.session))
    expect(await one.client.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(await seenBy(two)).not.toContain(secretWords)
    await expect(connectClient(app.url, one.session.token)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
  })

  it('#15933 [T20]: an open connection cannot be renewed as somebody else', async () => {
    const [one, two] = [await customerWithSecret(), await widgetSession()]
    expect(await one.client.refused('session:renew', { token: two.token })).toBe('unauthorized')
    const { conversations } = await one.client.request('conversation:list', {})
    expect(conversations.map(({ id }) => id)).toEqual([one.conversationId])
    one.client.close()
  })
})

describe('Rocket.Chat', () => {
  it('#21074 [T01]: only its customer and its assigned agent can close a conversation', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    const stranger = await (await app.newCustomer()).connect()
    expect(await stranger.refused('conversation:close', { conversationId })).toBe('not_found')
    const { conversation } = await agent.request('conversation:open', { conversationId })
    expect(conversation.status).toBe('open')
    await customer.request('conversation:close', { conversationId })
  })

  it('#42272 [T18]: customers are counted, and the size of their messages is limited', async () => {
    const limited = await startTestApp({ rateLimits: true, now: () => 1_800_000_000_000 })
    const { count } = budgets.sessionsPerAddress
    const begin = () => limited.call('POST', '/widget/session', {})
    const statuses = await Promise.all(Array.from({ length: count + 5 }, async () => (await begin()).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(count)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    const large = await limited.call('POST', '/widget/session', { name: 'x'.repeat(limits.requestBytes) })
    expect(large.status).toBe(413)
    await limited.stop()
  })

  it('#38894 [T01]: an upload of somebody else can be neither attached nor read', async () => {
    const { conversationId, customer, customerAccount } = await app.startConversation()
    const thief = await app.startConversation()
    const { id: attachmentId } = await uploaded(app, customerAccount, await png(), 'secret.png')
    const message = { clientMessageId: 'steal', type: 'image', attachmentId } as const
    expect(await thief.customer.refused('message:send', { conversationId: thief.conversationId, ...message })).toBe(
      'not_found',
    )
    for (const path of [`/attachments/${attachmentId}`, `/attachments/${attachmentId}/thumbnail`]) {
      expect((await thief.customerAccount.call('GET', path)).status).toBe(404)
    }
    await customer.request('message:send', { conversationId, ...message })
    expect((await thief.customerAccount.call('GET', `/attachments/${attachmentId}`)).status).toBe(404)
  })

  it('#40501 [T26]: no reply and no event contains a token, except those that issue one', async () => {
    const { client, conversationId, session } = await customerWithSecret({ email: 'mei@example.com' })
    const agent = await admin.connect()
    await agent.request('conversation:open', { conversationId })
    await client.request('message:send', { conversationId, clientMessageId: 'more', content: 'more' })
    await agent.next('message:created', (message) => message.clientMessageId === 'more')
    const answers = [
      await agent.request('conversation:list', {}),
      await agent.request('agent:list', {}),
      ...(await Promise.all(
        ['/me', '/users', '/sites', '/conversations', `/conversations/${conversationId}`].map(
          async (path) => (await admin.call('GET', path)).body,
        ),
      )),
      agent.received,
      client.received,
    ]
    const text = JSON.stringify(answers)
    for (const token of [session.token, session.resumeToken, admin.token]) expect(text).not.toContain(token)
    expect(text).not.toMatch(/eyJ|"(token|resumeToken|password\w*|\w*hash|secret)":/i)
    client.close()
  })

  it('React Native #3236 [T26]: a token in the URL opens no file', async () => {
    const { customerAccount } = await app.startConversation()
    const { id } = await uploaded(app, customerAccount, 'some text', 'note.txt')
    for (const key of ['token', 'rc_token', 'access_token']) {
      const { status } = await app.call('GET', `/attachments/${id}?${key}=${customerAccount.token}`)
      expect(status).toBe(401)
    }
  })

  it('#39471 [T03]: a conversation id in the body does not replace the one in the URL', async () => {
    const [mine, theirs] = [await app.startConversation(), await app.startConversation()]
    for (const key of ['conversationId', 'conversation_id', 'rid', 'id']) {
      const { status } = await mine.customerAccount.call('POST', `/conversations/${mine.conversationId}/messages`, {
        clientMessageId: 'spread',
        content: 'hello',
        [key]: theirs.conversationId,
      })
      expect(status, key).toBe(400)
    }
    for (const { conversationId } of [mine, theirs]) expect(await app.storedMessages(conversationId)).toEqual([])
  })
})

describe('Live Helper Chat 4.82', () => {
  it('L06 [T07]: nobody assigns themselves what only an admin may assign', async () => {
    const agent = await app.newAgent()
    for (const body of [{ role: 'admin' }, { isDisabled: false }, { username: 'root' }, { passwordHash: 'x' }]) {
      expect((await agent.call('PATCH', '/me', { name: 'Mei', ...body })).status).toBe(400)
    }
    expect((await agent.call('GET', '/me')).body).toMatchObject({
      role: 'agent',
      name: expect.not.stringMatching('Mei'),
    })
  })

  it('L11 [T08]: user content is never served as a page, whatever its type', async () => {
    const { conversationId, customerAccount } = await app.startConversation()
    const content = '<script>alert(1)</script>'
    const path = `/api/v1/conversations/${conversationId}/messages`
    const post = (type: string) =>
      fetch(app.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${customerAccount.token}`, 'content-type': type },
        body: JSON.stringify({ clientMessageId: 'page', content }),
      })
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/html; application/json']) {
      expect((await post(type)).status, type).toBe(400)
    }
    expect((await post('application/json')).status).toBe(201)
    const answer = await fetch(app.url + path, { headers: { authorization: `Bearer ${customerAccount.token}` } })
    expect(await answer.text()).toContain(content)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('X-Forwarded-For [T28]: markup in the header is neither shown nor stored', async () => {
    const markup = '<img src=x onerror=alert(1)>'
    const proxied = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } })
    const headers = { 'x-forwarded-for': markup, 'x-real-ip': markup, forwarded: `for="${markup}"` }
    const session = await proxied.call('POST', '/widget/session', {}, headers)
    expect(session.status).toBe(200)
    const agent = await (await proxied.newAgent()).connect()
    const customer = await connectClient(proxied.url, (session.body as WidgetSessionReply).token)
    const { conversation } = await customer.request('conversation:start', {})
    const shown = [session.body, conversation, await agent.request('conversation:list', {}), agent.received]
    expect(JSON.stringify(shown)).not.toContain('onerror')
    customer.close()
    await proxied.stop()
  })
})

describe('LibreChat and Open WebUI', () => {
  it('CVE-2026-31950 [T02]: only those who may see a conversation receive its events', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    const stranger = await (await app.newCustomer()).connect()
    expect(await stranger.refused('conversation:open', { conversationId })).toBe('not_found')
    await agent.request('conversation:claim', { conversationId })
    await agent.request('conversation:open', { conversationId })
    await agent.request('message:send', { conversationId, clientMessageId: 'a', content: secretWords })
    await agent.request('typing:set', { conversationId, typing: true })
    await customer.request('message:mark-read', { conversationId, seq: 1 })
    await customer.next('typing:changed')
    await agent.next('receipt:updated')
    await stranger.request('conversation:list', {})
    expect(conversationEvents(stranger)).toEqual([])
  })

  it('CVE-2026-44569 [T01]: nobody can change or delete the message of another', async () => {
    const { conversationId, customer, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const said = { conversationId, clientMessageId: 'same', content: 'as it was said' }
    await customer.request('message:send', said)
    const [before] = await app.storedMessages(conversationId)
    for (const name of ['message:edit', 'message:update', 'message:delete', 'message:updated']) {
      const payload = { conversationId, messageId: before?.id, seq: 1, content: 'something else' }
      const reply = await agent.socket.timeout(5000).emitWithAck(name, payload)
      expect(reply, name).toMatchObject({ ok: false, error: { code: 'invalid_request' } })
    }
    await agent.request('message:send', { ...said, content: 'under the same id' })
    const stored = await app.storedMessages(conversationId)
    expect(stored.map(({ content }) => content)).toEqual(['as it was said', 'under the same id'])
    expect(stored[0]).toEqual(before)
  })

  it('CVE-2026-45349 [T01]: guessing ids finds no conversation of another customer', async () => {
    const { conversationId, customerAccount } = await app.startConversation()
    await app.startConversation()
    const counter = await app.startConversation()
    const ids = Array.from({ length: counter.conversationId + 10 }, (_, index) => index + 1)
    const found = new Set<number>()
    const refusals = new Set<string>()
    for (const id of ids) {
      const replies = [
        await counter.customer.ask('conversation:open', { conversationId: id }),
        await counter.customer.ask('message:list', { conversationId: id }),
      ]
      for (const reply of replies)
        if (reply.ok) found.add(id)
        else refusals.add(JSON.stringify(reply))
      const call = await counter.customerAccount.call('GET', `/conversations/${id}`)
      if (call.status === 200) found.add(id)
      else refusals.add(JSON.stringify({ ok: false, ...(call.body as object) }))
    }
    expect([...found]).toEqual([counter.conversationId])
    // An existing conversation and a missing one give the same error.
    expect(refusals.size).toBe(1)
    expect((await customerAccount.call('GET', `/conversations/${conversationId}`)).status).toBe(200)
  })
})

describe('small Socket.IO apps', () => {
  it('[T02]: the server ignores a name or id that a connection claims', async () => {
    const { conversationId, customerAccount } = await app.startConversation()
    const stranger = await app.newCustomer()
    const socket = (await stranger.connect()).socket
    for (const [name, payload] of [
      ['join', conversationId],
      ['get_userid', customerAccount.id],
      ['identify', { userId: customerAccount.id, role: 'admin' }],
      ['authenticate', { token: customerAccount.token }],
      ['conversation:list', { userId: customerAccount.id }],
    ] as [RequestName, unknown][]) {
      expect(await socket.timeout(5000).emitWithAck(name, payload)).toMatchObject({ ok: false })
    }
    socket.auth = { token: stranger.token, userId: customerAccount.id, role: 'admin', rooms: ['agents'] }
    socket.disconnect().connect()
    await new Promise((resolve) => socket.once('connect', () => resolve(null)))
    const list = await socket.timeout(5000).emitWithAck('conversation:list', {})
    expect(list).toMatchObject({ ok: true, data: { conversations: [] } })
    expect(await socket.timeout(5000).emitWithAck('agent:list', {})).toMatchObject({ error: { code: 'forbidden' } })
  })
})

describe('ChatterMate', () => {
  it('[T14]: SQL in a title stays a title', async () => {
    const subject = `x', 'closed'); DELETE FROM messages; -- `
    const client = await (await app.newCustomer()).connect()
    const before = await app.db.selectFrom('messages').select('id').execute()
    const { conversation } = await client.request('conversation:start', { subject })
    expect(conversation).toMatchObject({ subject, status: 'open' })
    expect(await app.db.selectFrom('messages').select('id').execute()).toEqual(before)
  })

  it('[T05]: tokens are verified, not only decoded', async () => {
    const [head = '', , signature = ''] = admin.token.split('.')
    const claims = jwt.decode(admin.token) as jwt.JwtPayload
    const agent = await app.newAgent()
    const body = Buffer.from(JSON.stringify({ ...claims, sub: String(agent.id), sid: agent.sessionId })).toString(
      'base64url',
    )
    const own = createHmac('sha256', 'secret').update(`${head}.${body}`).digest('base64url')
    for (const token of [`${head}.${body}.${signature}`, `${head}.${body}.${own}`, `${head}.${body}.`]) {
      expect((await app.call('GET', '/me', undefined, { authorization: `Bearer ${token}` })).status).toBe(401)
    }
  })
})
