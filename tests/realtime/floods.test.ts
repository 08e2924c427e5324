// Connections that send more than a client does, or do not read: bounded, ended, and felt by nobody else.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Server } from 'socket.io'
import { io as connect } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { groupAddress } from '../../server/shared/client-address.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { frame, openPolling, openWebSocket, pingFrame, type RawTcp, textFrame } from '../support/raw-socket.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ rateLimits: true, env: { TRUSTED_PROXIES: '127.0.0.0/8' } })
})
afterAll(() => app.stop())

/** Another address each time: violations of one test are no matter of the next. */
let addresses = 0
const nextAddress = () => ({ 'x-forwarded-for': `198.51.100.${++addresses}` })
const refused = (reason: string) => app.refusedSockets.entries().find(([name]) => name === reason)?.[1] ?? 0

async function open(account?: TestAccount, headers = nextAddress()): Promise<RawTcp> {
  return openWebSocket(app.url, { ...(account ? { token: account.token } : {}), headers })
}

/** Writes until the server closes the connection: as fast as it reads, or with a pause after each write. */
async function flood({ socket, isClosed }: RawTcp, bytes: Buffer, pauseMs = 0): Promise<void> {
  while (!isClosed() && !socket.destroyed) {
    if (!socket.write(bytes)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), sleep(20)])
    await (pauseMs > 0 ? sleep(pauseMs) : new Promise(setImmediate))
  }
}

async function expectEnded(tcp: RawTcp, reason: string, bytes: Buffer, pauseMs?: number): Promise<void> {
  const before = refused(reason)
  await flood(tcp, bytes, pauseMs)
  await expect.poll(() => refused(reason)).toBe(before + 1)
}

describe('a connection is ended, and counts against its address, when it sends', () => {
  it('[CN16] [S1] WebSocket pings without reading, with a token or without, and the memory of the process stays', async () => {
    const before = process.memoryUsage().rss
    const pings = Buffer.concat(Array.from({ length: 500 }, pingFrame))
    for (const account of [undefined, await app.newCustomer()]) {
      const tcp = await open(account)
      tcp.socket.pause()
      await expectEnded(tcp, 'control_frames', pings)
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
  })

  it('[CN16] [S1] WebSocket pongs, and packets of engine.io that carry nothing', async () => {
    await expectEnded(await open(), 'control_frames', frame(10, 'x').subarray())
    await expectEnded(await open(await app.newCustomer()), 'control_frames', textFrame('3'))
    await expectEnded(await open(), 'control_frames', textFrame('6'))
  })

  it('[CN17] [S6] packets of other kinds: acknowledgements, other namespaces, joining again and again', async () => {
    await expectEnded(await open(await app.newCustomer()), 'packets', textFrame('431[]'))
    await expectEnded(await open(), 'connects', textFrame('40/admin,'))
    const account = await app.newCustomer()
    const tcp = await open(account)
    const before = refused('connects')
    const joined = () => tcp.received().split('40{"sid"').length
    while (!tcp.isClosed()) {
      const times = joined()
      tcp.socket.write(textFrame('41'))
      await sleep(5)
      tcp.socket.write(textFrame(`40${JSON.stringify({ token: account.token })}`))
      await expect.poll(() => joined() > times || tcp.isClosed()).toBe(true)
    }
    expect(refused('connects')).toBe(before + 1)
  })

  it('[CN17] [S6] more bytes than any requests have', async () => {
    const large = textFrame(`431["${'x'.repeat(60_000)}"]`)
    const tcp = await open(await app.newCustomer())
    await expectEnded(tcp, 'bytes', large)
    expect(tcp.socket.bytesWritten).toBeGreaterThan(budgets.connectionBytes.count)
    // Not even one whole frame, of those that the transport accepts.
    const pending = await open()
    await expectEnded(pending, 'bytes', Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0xf0, 0, ...Buffer.alloc(70_000)]))
  })

  it('[CN17] [S6] a message in endless fragments', async () => {
    const tcp = await open()
    const fragments = Buffer.alloc(6 * 10_000)
    for (let at = 0; at < fragments.length; at += 6) fragments.set([0x00, 0x80, 0, 0, 0, 0], at)
    tcp.socket.write(Buffer.from([0x01, 0x80, 0, 0, 0, 0]))
    await flood(tcp, fragments)
    await tcp.closed
  })

  it('[CN17] [S6] one POST with thousands of packets, which nobody parses', async () => {
    const { token } = await app.newCustomer()
    const session = await openPolling(app.url, { token, headers: nextAddress() })
    const before = refused('packets')
    await session.post(Array.from({ length: 30_000 }, () => '2').join('\u001e')).catch(() => {})
    expect(refused('packets')).toBe(before + 1)
    expect((await session.get()).status).toBe(400)
  })
})

describe('a client that goes on after rate_limited', () => {
  it('[CN18] [RQ6] [S6] is disconnected with the reason, by WebSocket and by polling', async () => {
    const account = await app.newCustomer()
    const client = await account.connect()
    const gone = new Promise((resolve) => client.socket.once('disconnect', resolve))
    for (let count = 0; count < 1_000; count++) client.socket.emit('nonsense', 1, () => {})
    expect(await client.next('connection:closing')).toEqual({ reason: 'rate_limited' })
    await gone

    const session = await openPolling(app.url, { token: account.token, headers: nextAddress() })
    const before = refused('requests')
    for (let posts = 0; posts < 4; posts++) {
      await session.post(Array.from({ length: 250 }, () => '421["x"]').join('\u001e')).catch(() => {})
    }
    await expect.poll(() => refused('requests')).toBe(before + 1)
    await expect.poll(async () => (await session.get().catch(() => ({ status: 400 }))).status).toBe(400)
  })

  it('[CN18] [S6] is not connected again after twenty times, while others of its address are', async () => {
    const account = await app.newCustomer()
    const headers = nextAddress()
    for (let times = 1; times < budgets.violationsPerUser.count; times++) {
      app.violations.count(groupAddress(headers['x-forwarded-for']))
      app.rates.count('violationsPerUser', account.id)
    }
    await flood(await open(account, headers), textFrame('6'))
    const tcp = await openWebSocket(app.url, { headers })
    tcp.socket.write(textFrame(`40${JSON.stringify({ token: account.token })}`))
    await tcp.until('"code":"rate_limited"')
    await open(await app.newCustomer(), headers)
  }, 10_000)

  it('[CN18] [S6] six of them leave /healthz quick', async () => {
    const tiny = Buffer.concat(Array.from({ length: 2_000 }, () => textFrame('42["x"]')))
    const accounts = await Promise.all(Array.from({ length: 6 }, () => app.newCustomer()))
    const floods = await Promise.all(accounts.map((account) => open(account)))
    const flooding = Promise.all(floods.map((tcp) => flood(tcp, tiny)))
    const took: number[] = []
    for (let count = 0; count < 20; count++) {
      const from = performance.now()
      expect((await fetch(`${app.url}/healthz`)).status).toBe(200)
      took.push(performance.now() - from)
    }
    await flooding
    took.sort((a, b) => a - b)
    expect(took[10]).toBeLessThan(100)
  })
})

it('a socket that joins a room after its client has left leaves no room behind', async () => {
  const http = createServer()
  const io = new Server(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] })
  const socket = await new Promise<import('socket.io').Socket>((resolve) => io.on('connection', resolve))
  const left = new Promise((resolve) => socket.once('disconnect', resolve))
  client.close()
  await left
  await socket.join('conversation:1')
  expect(io.of('/').adapter.rooms.size).toBe(0)
  await io.close()
})
