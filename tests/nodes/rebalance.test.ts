// Connections spread over the nodes again after a rolling restart, and nobody notices.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { createConnection } from '../../client-web/shared/connection/connection.ts'
import { RequestError } from '../../client-web/shared/connection/request-error.ts'
import { surplusOf } from '../../server/realtime/rebalance.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBalancer } from '../support/haproxy.ts'
import { findHaproxy } from '../support/programs.ts'
import { freePort } from '../support/redis.ts'
import { newDataDir, startServer } from '../support/server-process.ts'

describe('[ND12] O9 the surplus of a node', () => {
  const surplus = (mine: number, ...others: number[]) =>
    surplusOf(
      others.map((connections, index) => ({ id: `other-${index}`, connections })),
      'here',
      mine,
    )

  it('is what it has above its share', () => {
    expect(surplus(40, 0)).toBe(20)
    expect(surplus(90, 0, 0)).toBe(60)
    expect(surplus(0, 40)).toBe(0)
  })

  it('is nothing for small differences, and without other nodes', () => {
    expect(surplus(22, 18)).toBe(0)
    expect(surplus(1090, 910)).toBe(0)
    expect(surplus(40)).toBe(0)
    expect(surplus(4, 0)).toBe(0)
  })
})

describe.skipIf(!findHaproxy())('two nodes behind the balancer', () => {
  /** Prepares the database and makes accounts; it serves none of the connections. */
  let app: TestApp
  const ends: (() => void | Promise<void>)[] = []
  beforeAll(async () => {
    app = await startTestApp({ jwtSecrets: [randomBytes(32).toString('base64url')] })
    await app.stopServing()
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
    await app.stop()
  })

  it('[ND12] [ND12a] [ND12b] O9 share 40 connections within a minute, although all were on one, and no request fails', async () => {
    const ports = [await freePort(), await freePort()] as const
    const start = async (port: number) => {
      const env = { DATABASE_URL: app.database.url, JWT_SECRET: app.jwtSecrets[0] as string, PORT: String(port) }
      return startServer(await newDataDir(), { ...env, RATE_LIMITS: 'off' }).ready()
    }
    const first = await start(ports[0])
    const balancer = await startBalancer([first, `http://127.0.0.1:${ports[1]}`])
    ends.push(balancer.stop)
    const account = await app.newCustomer()
    const states: string[] = []
    const pages = Array.from({ length: 20 }, () => {
      const page = createConnection({
        url: balancer.url,
        getToken: () => ({ token: account.token, expiresAt: Date.now() + 600_000 }),
        renewToken: () => Promise.reject(RequestError.offline()),
        onUnauthorized: () => undefined,
      })
      page.state.subscribe(({ phase }) => states.push(phase))
      return page
    })
    // A browser sends the cookie that names its first node.
    const programs = Array.from({ length: 20 }, () =>
      io(balancer.url, {
        auth: { token: account.token },
        transports: ['websocket'],
        forceNew: true,
        extraHeaders: { cookie: 'kefu_node=1' },
        reconnectionDelay: 50,
      }),
    )
    ends.push(() => {
      for (const each of [...pages, ...programs]) each.close()
    })
    await expect.poll(() => pages.every((page) => page.state.value.phase === 'online')).toBe(true)
    await expect.poll(() => programs.every((program) => program.connected)).toBe(true)
    const counts = async (...urls: string[]) =>
      Promise.all(
        urls.map(async (url) =>
          Number(/^kefu_connections\{[^}]*\} (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]),
        ),
      )
    expect(await counts(first)).toEqual([40])
    states.length = 0

    let isDone = false
    const results: Promise<unknown>[] = []
    const asking = (async () => {
      for (let n = 0; !isDone; n++) {
        results.push(pages[n % pages.length]?.request('conversation:list', {}) ?? Promise.resolve())
        await sleep(150)
      }
    })()
    const second = await start(ports[1])
    const startedAt = performance.now()
    await expect
      .poll(async () => Math.max(...(await counts(first, second))), { timeout: 60_000 })
      .toBeLessThanOrEqual(20 + serverLimits.rebalanceSlack + 1)
    expect(performance.now() - startedAt).toBeLessThan(60_000)
    isDone = true
    await asking
    await expect(Promise.all(results)).resolves.toBeDefined()
    expect(states.filter((phase) => phase !== 'online')).toEqual([])
    await expect.poll(async () => (await counts(first, second)).reduce((sum, count) => sum + count)).toBe(40)
  })
})
