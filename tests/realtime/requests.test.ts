import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reply } from '#protocol/errors.ts'
import { limits } from '#protocol/limits/wire.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { startRelay } from '../support/relay.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const badPayloads = [
  null,
  'text',
  7,
  [],
  { conversationId: '1' },
  { conversationId: 0 },
  { conversationId: 1.5 },
  { conversationId: 1, clientMessageId: 'a b', content: 'x' },
  { conversationId: 1, clientMessageId: 'x', content: { $gt: '' } },
  { conversationId: 1, clientMessageId: 'x', content: 'x', senderId: 1 },
  JSON.parse('{"conversationId": 1, "clientMessageId": "x", "content": "x", "__proto__": {"isAdmin": true}}'),
  Buffer.from('binary'),
]

/** On a busy machine an accepted request may be late ([RQ8]); that is not a refusal here. */
const outcomes = (replies: Reply<unknown>[]) =>
  new Set(
    replies.map((reply) =>
      reply.ok || reply.error.message.startsWith('This takes longer') ? 'let in' : reply.error.code,
    ),
  )

describe('socket requests', () => {
  it('[RQ1] work without an acknowledgement, and with a missing payload treated as {}', async () => {
    const { customer, conversationId } = await app.startConversation()
    customer.socket.emit('message:send', { conversationId, clientMessageId: 'quiet', content: 'nobody asks' })
    expect((await customer.next('message:created')).content).toBe('nobody asks')
    expect(await customer.socket.timeout(5000).emitWithAck('conversation:list')).toMatchObject({ ok: true })
  })

  it('[RQ2] [T24] reply to every bad payload, missing acknowledgement and unknown event, and the connection stays', async () => {
    const { customer, conversationId } = await app.startConversation()
    const socket = customer.socket.timeout(5000)
    for (const payload of badPayloads) {
      const reply = await socket.emitWithAck('message:send', payload)
      expect(reply, JSON.stringify(payload)).toMatchObject({
        ok: false,
        error: { code: 'invalid_request', retryable: false },
      })
      customer.socket.emit('message:send', payload)
    }
    for (const name of ['no:such', 'constructor', '__proto__', 'toString', 'x'.repeat(1000)]) {
      expect(await socket.emitWithAck(name, {})).toMatchObject({ error: { code: 'invalid_request' } })
      customer.socket.emit(name)
    }
    customer.socket.emit('message:send')
    customer.socket.emit('message:send', null, 'not a function')
    await customer.request('message:send', { conversationId, clientMessageId: 'fine', content: 'still here' })
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it('[FZ3] [T15] refuse payloads that are nested too deep, however deep', async () => {
    const { customer, conversationId } = await app.startConversation()
    for (const depth of [limits.requestDepth, 1_000]) {
      let deep: unknown = 1
      for (let level = 0; level < depth; level++) deep = [deep]
      expect(await customer.socket.emitWithAck('conversation:open', { conversationId: deep })).toMatchObject({
        error: { code: 'invalid_request', message: 'The request is nested too deep.' },
      })
    }
    await customer.request('conversation:open', { conversationId })
  })

  it('[FZ3a] [T15] refuse payloads with too many entries, and ignore brackets and commas in texts', async () => {
    const { customer, conversationId } = await app.startConversation()
    const wide = Object.fromEntries(Array.from({ length: limits.requestEntries + 1 }, (_, n) => [`k${n}`, n]))
    expect(await customer.socket.emitWithAck('typing:set', wide)).toMatchObject({
      error: { code: 'invalid_request', message: 'The request has too many entries.' },
    })
    const content = '\\"[{,'.repeat(limits.requestEntries)
    await customer.request('message:send', { conversationId, clientMessageId: 'brackets', content })
  })

  it('[RQ3] reply too_large over 64 KiB and keep the connection', async () => {
    const { customer, conversationId } = await app.startConversation()
    const content = 'x'.repeat(limits.requestBytes + 1)
    expect(await customer.refused('message:send', { conversationId, clientMessageId: 'big', content })).toBe(
      'too_large',
    )
    await customer.request('message:send', { conversationId, clientMessageId: 'small', content: 'x' })
  })

  it('[RQ3] close the connection over 128 KiB, and no other one', async () => {
    const { customer, agent } = await app.startConversation()
    const gone = new Promise((resolve) => customer.socket.once('disconnect', resolve))
    customer.socket.emit('message:send', { content: 'x'.repeat(limits.transportBytes + 1) })
    await gone
    await agent.request('agent:list', {})
  })

  it('[RQ5] take effect in the order of arrival', async () => {
    const { customer, agent, conversationId } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const sends = Array.from({ length: 10 }, (_, index) =>
      customer.request('message:send', { conversationId, clientMessageId: `m${index}`, content: `${index}` }),
    )
    const close = customer.request('conversation:close', { conversationId })
    const after = customer.request('message:send', { conversationId, clientMessageId: 'after', content: 'after' })
    await Promise.all(sends)
    expect((await close).conversation).toMatchObject({ status: 'closed', lastSeq: 10 })
    expect((await after).message.seq).toBe(11)
    expect((await customer.request('conversation:open', { conversationId })).conversation.status).toBe('pending')
  })

  it('[RQ6] reply overloaded when too many wait, and rate_limited to a flood, while others are served', async () => {
    const shop = await startTestApp({ rateLimits: true })
    try {
      const { customer, agent, conversationId } = await shop.startConversation()
      const replies = await Promise.all(
        Array.from({ length: 500 }, () => customer.ask('conversation:open', { conversationId })),
      )
      expect(outcomes(replies)).toEqual(new Set(['let in', 'rate_limited']))
      await agent.request('conversation:claim', { conversationId })
    } finally {
      await shop.stop()
    }
    const { customer, conversationId } = await app.startConversation()
    const replies = await Promise.all(
      Array.from({ length: 1000 }, () => customer.ask('conversation:open', { conversationId })),
    )
    expect(outcomes(replies)).toEqual(new Set(['let in', 'overloaded']))
  })

  it('[EV2] publish message changes to agents at most four times a second, the last with the final state', async () => {
    const { customer, agent, conversationId } = await app.startConversation()
    const startedAt = performance.now()
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        customer.request('message:send', { conversationId, clientMessageId: `m${index}`, content: `${index}` }),
      ),
    )
    const last = await agent.next('conversation:updated', ({ conversation }) => conversation.lastSeq === 60)
    const seconds = (performance.now() - startedAt) / 1000
    expect(last).toMatchObject({ change: 'message', conversation: { unread: 60, lastMessage: { seq: 60 } } })
    expect(agent.all('conversation:updated').length).toBeLessThanOrEqual(Math.ceil(seconds * 4) + 1)
  })
})

describe('connections', () => {
  it('[CN1] open only with a valid token', async () => {
    const account = await app.newAgent()
    const [header, , signature] = account.token.split('.')
    for (const token of ['', 'x', `${account.token}x`, `${header}.e30.${signature}`, undefined, 7, { a: 1 }, null]) {
      await expect(connectClient(app.url, token as string)).rejects.toMatchObject({ data: { code: 'unauthorized' } })
    }
    await app.db
      .updateTable('login_sessions')
      .set({ revoked_at: new Date() })
      .where('id', '=', account.sessionId)
      .execute()
    await expect(account.connect()).rejects.toMatchObject({ data: { code: 'unauthorized', retryable: false } })
  })

  it('[CN2] [T10] open from our own origin or from programs, not from another page, over either transport', async () => {
    const account = await app.newAgent()
    const own = await connectClient(app.url, account.token, { origin: app.url })
    own.close()
    const strangers = ['https://evil.example', 'null', `${app.url}.evil.example`, app.url.replace(/:\d+$/, ':1')]
    for (const origin of strangers) {
      await expect(connectClient(app.url, account.token, { origin }), origin).rejects.toThrow()
      const polled = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } })
      expect(polled.status, origin).toBe(403)
    }
  })

  it('[CN3] [T06] end with their token unless renewed', async () => {
    let now = Date.now()
    const shop = await startTestApp({ now: () => now })
    try {
      const account = await shop.newCustomer()
      const [kept, left] = await Promise.all([account.connect(), account.connect()])
      now += limits.accessTokenMs - 60_000
      const renewed = shop.renewedToken(account, 'customer')
      const { expiresIn } = await kept.request('session:renew', { token: renewed })
      expect(expiresIn).toBeGreaterThan(limits.accessTokenMs / 1000 - 2)
      expect(expiresIn).toBeLessThanOrEqual(limits.accessTokenMs / 1000)
      const gone = new Promise((resolve) => left.socket.once('disconnect', resolve))
      now += 61_000
      expect(await left.next('connection:closing')).toEqual({ reason: 'expired' })
      await gone
      await kept.request('conversation:list', {})
    } finally {
      await shop.stop()
    }
  })

  it('[CN3] lose no message during a renewal', async () => {
    let now = Date.now()
    const shop = await startTestApp({ now: () => now })
    try {
      const { customer, customerAccount, agent, agentAccount, conversationId } = await shop.startConversation()
      await agent.request('conversation:claim', { conversationId })
      const say = (from: number, count: number) =>
        Array.from({ length: count }, (_, i) =>
          agent.request('message:send', { conversationId, clientMessageId: `m${from + i}`, content: 'a word' }),
        )
      const renewals = (count: number) =>
        Array.from({ length: count }, () => [
          customer.request('session:renew', { token: shop.renewedToken(customerAccount, 'customer') }),
          agent.request('session:renew', { token: shop.renewedToken(agentAccount, 'agent') }),
        ]).flat()
      for (let round = 0; round < 3; round++) {
        now += limits.accessTokenMs - 60_000
        await Promise.all([...say(round * 20, 10), ...renewals(2), ...say(round * 20 + 10, 10)])
      }
      await customer.next('message:created', ({ seq }) => seq === 60)
      const received = customer.all('message:created').map(({ seq }) => seq)
      expect(received).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
      expect([...customer.all('connection:closing'), ...agent.all('connection:closing')]).toEqual([])
    } finally {
      await shop.stop()
    }
  })

  it('[CN4] cannot be renewed with the token of somebody else', async () => {
    const [account, another] = [await app.newCustomer(), await app.newCustomer()]
    const client = await account.connect()
    for (const token of [another.token, 'nonsense', `${account.token}x`]) {
      expect(await client.refused('session:renew', { token })).toBe('unauthorized')
    }
    await client.request('session:renew', { token: account.token })
  })

  it('[CN5] receive the heads of their subscribed conversations', async () => {
    const { customer, conversationId } = await app.startConversation()
    await customer.request('message:send', { conversationId, clientMessageId: 'm', content: 'x' })
    const { heads } = await customer.next('conversation:heads')
    expect(heads).toEqual([{ conversationId, lastSeq: 1, version: expect.any(Number) }])
  })

  it('[CN6] get replies to pending requests when the server stops, and are asked to reconnect', async () => {
    const shop = await startTestApp()
    const { customer, conversationId } = await shop.startConversation()
    const sends = Array.from({ length: 50 }, (_, index) =>
      customer.ask('message:send', { conversationId, clientMessageId: `m${index}`, content: `${index}` }),
    )
    await customer.next('message:created')
    const stopped = shop.stopServing()
    expect(await customer.next('connection:closing')).toEqual({ reason: 'restart' })
    const replies = await Promise.all(sends)
    const stored = await shop.storedMessages(conversationId)
    expect(stored).toHaveLength(replies.filter((reply) => reply.ok).length)
    for (const reply of replies) if (!reply.ok) expect(reply.error.code).toBe('unavailable')
    await stopped
    await shop.stop()
  })

  it.each(['websocket', 'polling'])(
    '[CN6] [O10] are made by a stock client again after a restart, over %s',
    async (transport) => {
      const before = await startTestApp()
      const after = await startTestApp({ restartOf: before })
      const relay = await startRelay(before.url)
      const { token } = await before.newCustomer()
      const socket = io(relay.url, { auth: { token }, transports: [transport], forceNew: true, reconnectionDelay: 50 })
      const closing = new Promise((resolve) => socket.once('connection:closing', resolve))
      const ended = new Promise((resolve) => socket.once('disconnect', resolve))
      await new Promise<void>((resolve) => socket.once('connect', resolve))
      const returned = new Promise<void>((resolve) => socket.once('connect', resolve))
      const stopped = before.stopServing()
      expect(await closing).toEqual({ reason: 'restart' })
      expect(await ended).not.toBe('io server disconnect')
      relay.redirect(after.url)
      await returned
      expect(await socket.timeout(5_000).emitWithAck('conversation:list', {})).toMatchObject({ ok: true })
      await stopped
      socket.close()
      relay.close()
      await after.stop()
      await before.stop()
    },
  )

  it('work over polling where WebSocket is not available', async () => {
    const account = await app.newCustomer()
    const socket = io(app.url, { auth: { token: account.token }, transports: ['polling'], forceNew: true })
    expect(await socket.timeout(5000).emitWithAck('conversation:list', {})).toMatchObject({ ok: true })
    socket.close()
  })
})
