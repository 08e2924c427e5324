// What a client may do before it has a connection, and which requests belong to a session.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '#protocol/limits/wire.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { openPolling, openTcp, openWebSocket, upgradeRequest } from '../support/raw-socket.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, env: { TRUSTED_PROXIES: '127.0.0.0/8' } })
})
afterAll(() => app.stop())

const from = (address: string) => ({ 'x-forwarded-for': address })
const handshake = (query: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${app.url}/socket.io/?${query}`, { method, headers })
const polling = 'EIO=4&transport=polling'
const held = () => app.slots.held('pendingHandshakes', 'unclaimed')
const refused = (reason: string) => app.refusedSockets.entries().find(([name]) => name === reason)?.[1] ?? 0

describe('a handshake', () => {
  it('[CN12] [S22] is refused before it costs a session when it is JSONP, of another protocol, transport, method or path', async () => {
    const before = held()
    for (const [query, headers, method] of [
      [`${polling}&j=0`],
      ['EIO=3&transport=polling'],
      ['transport=polling'],
      ['EIO=4&transport=webtransport'],
      ['EIO=4&transport=websocket'],
      ['EIO=4'],
      [`${polling}&sid=`],
      [`${polling}&x=${'x'.repeat(2_000)}`],
      [polling, {}, 'POST'],
      [polling, {}, 'DELETE'],
    ] as [string, Record<string, string>?, string?][]) {
      const response = await handshake(query, headers, method)
      expect([query, response.status]).toEqual([query, 400])
      expect(await response.json()).toMatchObject({ error: { code: 'invalid_request', retryable: false } })
    }
    expect((await fetch(`${app.url}/socket.io/x?${polling}`)).status).toBe(404)
    expect(held()).toBe(before)
  })

  it('[CN12] [S2] is refused to a page of another site that sends no Origin, and to one that does', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
    ]) {
      expect((await handshake(polling, headers)).status).toBe(403)
      const tcp = openTcp(app.url)
      tcp.socket.write(upgradeRequest(app.url, headers))
      await tcp.closed
      expect(tcp.received()).toMatch(/^HTTP\/1\.1 403 .*"code":"forbidden"/s)
    }
    expect((await handshake(polling, { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  it('[HT15] [S22] is answered with the headers that every answer of the API has, also when it is refused', async () => {
    const api = await fetch(`${app.url}/api/v1/nothing`)
    const shared = [...api.headers].filter(
      ([name]) => !/^(content-length|content-type|date|connection|keep-alive|vary)$/.test(name),
    )
    expect(shared.map(([name]) => name)).toContain('x-content-type-options')
    for (const response of [
      await handshake(polling),
      await handshake('EIO=3'),
      await handshake(`${polling}&sid=none`),
    ]) {
      expect(Object.fromEntries(response.headers)).toMatchObject(Object.fromEntries(shared))
    }
    const tcp = openTcp(app.url)
    tcp.socket.write(upgradeRequest(app.url, { origin: 'https://evil.example' }))
    await tcp.closed
    for (const [name, value] of shared) expect(tcp.received()).toContain(`${name}: ${value}`)
  })

  it('[CN10] [S2] is refused when too many of its address have not become a connection, and others connect', async () => {
    const before = held()
    const host = new URL(app.url).host
    const request = `GET /socket.io/?${polling} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n`
    const each = budgets.pipelinedRequests.concurrent
    const flood = Array.from({ length: (budgets.pendingHandshakesPerAddress.concurrent + 400) / each }, () => {
      const tcp = openTcp(app.url)
      tcp.socket.write(request.repeat(each))
      return tcp
    })
    await expect.poll(() => refused('rate_limited')).toBeGreaterThan(0)
    expect(held() - before).toBeLessThanOrEqual(budgets.pendingHandshakesPerAddress.concurrent)
    await expect
      .poll(() => flood.filter((tcp) => tcp.received().includes('"code":"rate_limited"')).length)
      .toBeGreaterThan(0)
    const stranger = await openPolling(app.url, { headers: from('203.0.113.2') })
    expect(stranger.sid).toBeTruthy()
    // Behind the same address, who shows a valid token connects.
    const { token } = await app.newCustomer()
    await openWebSocket(app.url, {
      token,
      headers: { ...from('203.0.113.1'), 'sec-websocket-protocol': `kefu, token.${token}` },
    })
    await openPolling(app.url, { token, headers: { ...from('203.0.113.1'), authorization: `Bearer ${token}` } })
  })

  it('[CN10] [S2] by pipelining ends the TCP connection and begins hardly a session', async () => {
    const before = held()
    const flood = Array.from({ length: 64 }, () => {
      const tcp = openTcp(app.url)
      tcp.socket.write(`GET /socket.io/?${polling} HTTP/1.1\r\nHost: ${new URL(app.url).host}\r\n\r\n`.repeat(400))
      return tcp
    })
    await Promise.all(flood.map(({ closed }) => closed))
    expect(held() - before).toBeLessThanOrEqual(64)
    await expect.poll(held).toBeLessThanOrEqual(before)
    // The address has a violation for each of them; who has a token connects from there all the same, and plainly.
    const { token } = await app.newCustomer()
    await connectClient(app.url, token)
    await connectClient(app.url, token, { transports: ['polling'] })
  })

  it('[CN11] [S29] without a token ends within five seconds, by WebSocket, polling or bare TCP, and after a refused token', async () => {
    const bare = openTcp(app.url)
    const silent = await openWebSocket(app.url)
    const upgradedOnly = openTcp(app.url)
    upgradedOnly.socket.write(upgradeRequest(app.url))
    const wrong = await openWebSocket(app.url)
    wrong.socket.write(Buffer.from([0x81, 0x80 | 14, 0, 0, 0, 0, ...Buffer.from('40{"token":"x"}').subarray(0, 14)]))
    const session = await openPolling(app.url, { headers: from('203.0.113.9') })
    const { token } = await app.newCustomer()
    const left = await openWebSocket(app.url, { token })
    left.socket.write(Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from('41')]))
    const all = { bare, silent, upgradedOnly, wrong, left }
    const open = () => Object.entries(all).flatMap(([name, { isClosed }]) => (isClosed() ? [] : [name]))
    await expect.poll(open, { timeout: limits.handshakeMs + 2_500 }).toEqual([])
    expect((await session.get()).status).toBe(400)
  }, 10_000)
})

describe('connections of one address', () => {
  it('[CN10] [S2] with valid tokens are all accepted, 300 at once, by plain clients', async () => {
    const accounts = await Promise.all(Array.from({ length: 10 }, () => app.newCustomer()))
    const clients = await Promise.all(Array.from({ length: 300 }, (_, index) => accounts[index % 10]?.connect()))
    expect(clients.every((client) => client?.socket.connected)).toBe(true)
    for (const client of clients) client?.close()
  })

  it('[CN13] [S4] of one customer are bounded, and of others not by that', async () => {
    const account = await app.newCustomer()
    const clients = await Promise.all(
      Array.from({ length: budgets.connectionsPerCustomer.concurrent }, () => account.connect()),
    )
    await expect(account.connect()).rejects.toMatchObject({ data: { code: 'rate_limited', retryable: true } })
    const other = await app.newCustomer()
    await other.connect()
    clients[0]?.close()
    await expect.poll(() => app.slots.held('connectionsPerCustomer', account.id)).toBe(clients.length - 1)
    await account.connect()
  })
})

describe('a polling session', () => {
  it('[CN14] [S19] takes requests from the address that began it alone, of IPv6 its /64', async () => {
    const { token } = await app.newAgent()
    const session = await openPolling(app.url, { token, headers: from('2001:db8:1:2::1') })
    for (const address of ['2001:db8:1:3::1', '198.51.100.7']) {
      const taken = await session.get(from(address))
      expect([taken.status, await taken.text()]).toEqual([400, '{"code":1,"message":"Session ID unknown"}'])
      expect((await session.post('40', from(address))).status).toBe(400)
    }
    const tcp = openTcp(app.url)
    tcp.socket.write(upgradeRequest(app.url, from('198.51.100.7'), `&sid=${session.sid}`))
    await tcp.closed
    expect(tcp.received()).toMatch(/^HTTP\/1\.1 400 /)
    expect((await session.post('420["agent:list",{}]', from('2001:db8:1:2::ffff'))).status).toBe(200)
    await session.until('"ok":true')
  })

  it('[CN14] [S19] takes a request with a token only when it is the token of its own actor', async () => {
    const [own, other] = [await app.newAgent(), await app.newAgent()]
    const session = await openPolling(app.url, { token: own.token })
    for (const token of [other.token, (await app.newSession(own.id, 'agent')).token, 'x']) {
      expect((await session.post('420["agent:list",{}]', { authorization: `Bearer ${token}` })).status).toBe(401)
    }
    const renewed = { authorization: `Bearer ${app.renewedToken(own, 'agent')}` }
    expect((await session.post('420["agent:list",{}]', renewed)).status).toBe(200)
    await session.until('"ok":true', renewed)
  })

  it('[CN14] works for the client library, which upgrades to a WebSocket', async () => {
    const { token } = await app.newAgent()
    const client = await connectClient(app.url, token, { transports: ['polling', 'websocket'] })
    const { engine } = client.socket.io
    if (engine.transport.name === 'polling') await new Promise((resolve) => engine.once('upgrade', resolve))
    await client.request('agent:list', {})
    client.close()
  })
})

it('[CN15] [S24] refused sockets are counted by reason at /metrics', async () => {
  const shop = await startTestApp({ rateLimits: true })
  try {
    await fetch(`${shop.url}/socket.io/?EIO=3&transport=polling`)
    await fetch(`${shop.url}/socket.io/?${polling}`, { headers: { origin: 'https://evil.example' } })
    const metrics = await (await fetch(`${shop.url}/metrics`)).text()
    expect(metrics).toMatch(/kefu_refused_sockets_total\{reason="invalid_request",node="test"\} 1\n/)
    expect(metrics).toMatch(/kefu_refused_sockets_total\{reason="forbidden",node="test"\} 1\n/)
    expect(metrics).toMatch(/kefu_refused_sockets_total\{reason="control_frames",node="test"\} 0\n/)
  } finally {
    await shop.stop()
  }
})
