// Limits of one HTTP connection: unusual requests, pipelining, and unread responses.

import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import type { HttpServer } from '../../server/http/route-auth.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { get, openRaw, sendRaw } from './raw-http.ts'
import { serve } from './serve.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const upgrade = (to: string) => ['Connection: Upgrade', `Upgrade: ${to}`]

describe('[HT36] [S21] a request for another protocol is ignored or rejected with a response', () => {
  test.each([
    ['h2c', '/healthz', 200],
    ['h2c', '/api/v1/setup', 200],
    ['h2c', '/nowhere', 404],
    ['h2c', '/socket.io/?EIO=4&transport=none', 400],
    ['TLS/1.0', '/readyz', 200],
    ['websocket', '/healthz', 200],
    ['websocket', '/socket.iox', 404],
    ['websocket', 'http://kefu.example/socket.io/?EIO=4&transport=websocket', 404],
    ['', '/healthz', 200],
  ])('Upgrade: %s on %s gets %i as usual', async (to, target, status) => {
    expect((await sendRaw(app.url, get(target, ...upgrade(to)))).status).toBe(status)
  })

  test('a body after an ignored upgrade is read as usual', async () => {
    const body = '{"resumeToken":"none"}'
    const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`, ...upgrade('h2c')]
    const text = get('/api/v1/widget/logout', ...headers).replace('GET', 'POST')
    const { socket, send, received } = openRaw(app.url)
    send(text + body)
    await expect.poll(received).toContain('HTTP/1.1 204 ')
    socket.destroy()
  })

  test('a Socket.IO WebSocket is still upgraded', async () => {
    const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
    const { send, received } = openRaw(app.url)
    send(get('/socket.io/?EIO=4&transport=websocket', ...upgrade('WebSocket'), ...key))
    await expect.poll(received).toContain('HTTP/1.1 101 ')
  })

  test('Expect: 100-continue gets 100, then the usual response', async () => {
    const { send, received } = openRaw(app.url)
    const headers = ['Content-Type: application/json', 'Content-Length: 2', 'Expect: 100-continue']
    send(get('/api/v1/auth/login', ...headers).replace('GET', 'POST'))
    await expect.poll(received).toContain('HTTP/1.1 100 Continue')
    send('{}')
    await expect.poll(received).toContain('HTTP/1.1 400 ')
  })

  test.each([
    ['any other Expect', get('/healthz', 'Expect: gold'), 417, 'invalid_request'],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'invalid_request'],
    ['CONNECT', 'CONNECT kefu.example:443 HTTP/1.1\r\nHost: kefu.example\r\n\r\n', 404, 'not_found'],
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'invalid_request'],
    ['a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001', 400, 'invalid_request'],
    ['two lengths', get('/healthz', 'Content-Length: 1', 'Content-Length: 2'), 400, 'invalid_request'],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: kefu.example\r\n\r\n', 404, 'not_found'],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: kefu.example\r\n\r\n', 404, 'not_found'],
  ])('%s gets a Kefu error with the usual headers', async (_name, text, status, code) => {
    const answer = await sendRaw(app.url, text)
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toMatchObject({
      status,
      body: { error: { code } },
    })
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })

  test('HTTP/1.0 needs no Host', async () => {
    const answer = await sendRaw(app.url, 'GET /healthz HTTP/1.0\r\n\r\n')
    expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } })
  })
})

const connected = (socket: Socket) =>
  socket.connecting ? new Promise((resolve) => socket.once('connect', resolve)) : Promise.resolve()

/** A route that counts its requests and responds with this many bytes. */
const bigAnswer = (asked: () => void, bytes: number) => (http: HttpServer) => {
  const body = 'x'.repeat(bytes)
  http.get('/big', { config: { roles: 'public' } }, async () => {
    asked()
    return body
  })
}

describe('[HT37] [S4] requests of one connection are served one at a time', () => {
  test('pipelined requests are all served, in order', async () => {
    const { send, received, answers } = openRaw(app.url)
    const count = budgets.pipelinedRequests.concurrent
    send(Array.from({ length: count }, (_, index) => get(index % 2 ? '/healthz' : '/nowhere')).join(''))
    await expect.poll(answers).toBe(count)
    const statuses = [...received().matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
    expect(statuses).toEqual(Array.from({ length: count }, (_, index) => (index % 2 ? 200 : 404)))
  })

  test('one request over budgets.pipelinedRequests closes the connection', async () => {
    const { send, closed, answers } = openRaw(app.url)
    send(get('/healthz').repeat(1_000))
    await closed
    expect(answers()).toBeLessThan(budgets.pipelinedRequests.concurrent + 2)
  })

  test('the requests behind it in the same chunk are not parsed', async () => {
    const { url, http } = await serve(app)
    let parsed = 0
    http.server.prependListener('request', () => {
      parsed += 1
    })
    const { send, closed } = openRaw(url)
    send(get('/healthz').repeat(1_000))
    await closed
    expect(parsed).toBe(budgets.pipelinedRequests.concurrent + 2)
  })

  test('no request starts behind an unread response', async () => {
    let asked = 0
    const { url } = await serve(app, { add: bigAnswer(() => (asked += 1), 8 * 2 ** 20) })
    const { socket, send } = openRaw(url, { reads: false })
    send(get('/big').repeat(10))
    await expect.poll(() => asked).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(asked).toBe(1)
    socket.resume()
    await expect.poll(() => asked).toBe(10)
  })

  test('invalid bytes do not interrupt a response in progress', async () => {
    const { url } = await serve(app, { add: bigAnswer(() => {}, 8 * 2 ** 20) })
    const { socket, send, received, closed } = openRaw(url)
    socket.pause()
    send(get('/big'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    send('no request\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 300))
    socket.resume()
    await closed
    expect(received()).not.toContain('"code"')
  })
})

describe('[HT37b] [S4] connections that serve no request', () => {
  test('are closed, the longest idle first, when one address holds too many', async () => {
    const { url } = await serve(app, {
      config: { rateLimits: true, addressLimits: 3 / budgets.idleConnectionsPerAddress.concurrent },
    })
    const silent = openRaw(url)
    const kept = openRaw(url)
    for (const { socket } of [silent, kept]) await connected(socket)
    kept.send(get('/healthz'))
    await expect.poll(kept.answers).toBe(1)
    const others = [openRaw(url), openRaw(url)]
    await silent.closed
    kept.send(get('/healthz'))
    await expect.poll(kept.answers).toBe(2)
    expect(others.filter(({ socket }) => socket.destroyed)).toEqual([])
  })
})

describe('[HT37c] [S12] a body in crumbs', () => {
  const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`
  const head = get('/api/v1/widget/logout', 'Content-Type: application/json', 'Transfer-Encoding: chunked')
  const body = '{"resumeToken":"none"}'
  const send = (url: string, chunks: string) => {
    const raw = openRaw(url)
    raw.send(`${head.replace('GET', 'POST')}${chunks}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
    return raw
  }

  test('ends the connection, and larger chunks do not', async () => {
    const { url } = await serve(app, { config: { rateLimits: true } })
    const crumbs = send(url, chunk(1).repeat(budgets.bodyChunks.packets + 10))
    await crumbs.closed
    expect(crumbs.received()).toBe('')
    for (const chunks of [chunk(1).repeat(900), chunk(1_000).repeat(60)]) {
      await expect.poll(send(url, chunks).received).toContain('HTTP/1.1 204 ')
    }
  })
})

describe('[HT37d] [S2] an address with too many violations', () => {
  test('is served late: its new connections wait unread, in turn with those of others', async () => {
    const { url } = await serve(app, { config: { rateLimits: true } })
    let hasViolations = true
    const waits = app.violations.isViolator
    app.violations.isViolator = () => hasViolations
    onTestFinished(() => {
      app.violations.isViolator = waits
    })
    const { count } = budgets.connectionsOfViolators
    // All of them may wait, even if the server accepts the whole flood before it serves the first.
    expect(count + 50).toBeLessThanOrEqual(budgets.waitingConnectionsOfViolator.concurrent)
    const flood = Array.from({ length: count + 50 }, () => {
      const raw = openRaw(url)
      raw.send(get('/healthz'))
      return raw
    })
    const answered = () => flood.filter(({ answers }) => answers() === 1).length
    await expect.poll(answered).toBeGreaterThanOrEqual(count)
    hasViolations = false
    const other = openRaw(url)
    other.send(get('/healthz'))
    await expect.poll(other.answers).toBe(1)
    await expect.poll(answered).toBe(flood.length)
  })

  test('loses connections past those that may wait, and a server that closes leaves none open', async () => {
    const { url, http } = await serve(app, { config: { rateLimits: true } })
    const { isViolator } = app.violations
    const { tryConsume } = app.rates
    app.violations.isViolator = () => true
    app.rates.tryConsume = () => false
    onTestFinished(() => {
      app.violations.isViolator = isViolator
      app.rates.tryConsume = tryConsume
    })
    const most = budgets.waitingConnectionsOfViolator.concurrent
    const flood = Array.from({ length: most + 5 }, () => openRaw(url))
    const open = () => flood.filter(({ socket }) => !socket.closed).length
    await expect.poll(open).toBe(most)
    await http.close()
    await expect.poll(open).toBe(0)
  })
})

describe('[HT38] [S4] a client must read its responses', () => {
  const { bytes, perMs } = budgets.slowestReader

  test('a client below budgets.slowestReader is disconnected; a slow reader above it gets everything', async () => {
    const size = 12 * 2 ** 20
    const { url } = await serve(app, { add: bigAnswer(() => {}, size) })
    const none = openRaw(url, { reads: false })
    const drip = openRaw(url, { reads: false })
    const slow = openRaw(url, { reads: false })
    let read = 0
    const timers = [
      setInterval(() => drip.socket.read(Math.floor((bytes / perMs) * 50)), 100),
      setInterval(() => {
        read += (slow.socket.read() as Buffer | null)?.length ?? 0
      }, 100),
    ]
    const startedAt = performance.now()
    for (const { send } of [none, drip, slow]) send(get('/big'))
    // Data that a client reads closes a destroyed connection, so both resume only afterwards.
    await new Promise((resolve) => setTimeout(resolve, perMs + 3 * serverLimits.httpReadSweepMs + 500))
    for (const timer of timers) clearInterval(timer)
    for (const { socket } of [none, drip]) socket.resume()
    await Promise.all([none.closed, drip.closed])
    expect(performance.now() - startedAt).toBeLessThan(perMs + 20_000)
    expect(none.socket.bytesRead).toBeLessThan(size)
    expect(drip.socket.bytesRead).toBeLessThan(size)
    slow.socket.on('data', (part: Buffer) => {
      read += part.length
    })
    await expect.poll(() => read).toBeGreaterThan(size)
  }, 60_000)

  test('unread bytes of one address are limited to budgets.unreadBytesPerAddress, oldest disconnected first', async () => {
    let asked = 0
    const { url, http } = await serve(app, { add: bigAnswer(() => (asked += 1), 6 * 2 ** 20) })
    const readers = Array.from({ length: 12 }, () => openRaw(url, { reads: false }))
    for (const { send } of readers) send(get('/big'))
    await expect.poll(() => asked).toBe(12)
    let open = 12
    const countOpen = () => http.server.getConnections((_error, count) => (open = count))
    // Bytes in the kernel's socket buffers are not counted.
    await expect.poll(() => countOpen() && open, { timeout: 5_000 }).toBeLessThan(12)
    expect(open).toBeGreaterThan(0)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })
})
