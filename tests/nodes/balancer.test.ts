import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { startBalancer } from '../support/haproxy.ts'
import { findHaproxy, findRedis } from '../support/programs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { connectRoaming } from '../support/roaming-client.ts'
import { until } from '../support/server-process.ts'

describe.skipIf(!findRedis() || !findHaproxy())('two nodes behind the balancer of docker-compose.yml', () => {
  let redis: RedisServer
  let here: TestApp
  let there: TestApp
  let balancer: Awaited<ReturnType<typeof startBalancer>>
  /** Started processes, stopped in reverse order. */
  const ends: (() => Promise<void>)[] = []

  beforeAll(async () => {
    redis = await startRedis()
    ends.push(redis.stop)
    const options = { rateLimits: true, env: { TRUSTED_PROXIES: '127.0.0.1' } }
    here = await startTestApp({ ...options, node: { redisUrl: redis.url } })
    ends.push(here.stop)
    there = await startTestApp({ ...options, node: { redisUrl: redis.url, beside: here } })
    ends.push(there.stop)
    await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
    balancer = await startBalancer([here.url, there.url])
    ends.push(balancer.stop)
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  it('[ND11] share connections, and keep clients without WebSocket on their node (F37)', async () => {
    const { token } = await here.newCustomer()
    const before = [here.connections.count(), there.connections.count()]
    const sockets = Array.from({ length: 12 }, () =>
      io(balancer.url, { auth: { token }, transports: ['polling'], forceNew: true, withCredentials: true }),
    )
    const failures: string[] = []
    for (const socket of sockets) socket.on('connect_error', (error) => failures.push(error.message))
    for (const socket of sockets) socket.on('disconnect', (reason) => failures.push(reason))
    await until(() => sockets.every((socket) => socket.connected))
    for (let i = 0; i < 10; i++) {
      const replies = await Promise.all(
        sockets.map((socket) => socket.emitWithAck('conversation:list', { view: 'mine' })),
      )
      expect(replies.every((reply) => reply.ok)).toBe(true)
    }
    expect(failures).toEqual([])
    const shares = [here, there].map((node, i) => node.connections.count() - (before[i] ?? 0))
    expect(shares[0]).toBeGreaterThan(2)
    expect(shares[1]).toBeGreaterThan(2)
    for (const socket of sockets) socket.off('disconnect').close()
  })

  /** A session for a customer who connects from this address and claims another. */
  function newSession(localAddress: string, claimed: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': claimed }
      request(`${balancer.url}/api/v1/widget/session`, { method: 'POST', localAddress, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode))
      })
        .once('error', reject)
        .end('{}')
    })
  }

  it('[ND11] [HT10] [T28] use the real client address, whatever a client claims', async () => {
    const all = Array.from({ length: budgets.sessionsPerAddress.count }, (_, i) => `203.0.113.${i}`)
    await Promise.all(all.map((claimed) => newSession('127.0.0.2', claimed)))
    // The nodes exchange counts after a short time.
    await expect.poll(() => newSession('127.0.0.2', '203.0.113.200')).toBe(429)
    expect(await newSession('127.0.0.3', '203.0.113.1')).toBe(200)
  })

  it('[ND11] keep their metrics private', async () => {
    expect((await fetch(`${balancer.url}/metrics`)).status).toBe(404)
    expect((await fetch(`${balancer.url}/readyz`)).status).toBe(200)
  })

  it('[ND9] [ND11] lose nothing when one stops', async () => {
    const account = await here.newCustomer()
    const first = await account.connect()
    const { conversation } = await first.request('conversation:start', {})
    first.close()
    const tabs = await Promise.all(
      Array.from({ length: 4 }, () => connectRoaming(balancer.url, account.token, conversation.id)),
    )
    const waits: number[] = []
    const sending = (async () => {
      for (let i = 1; i <= 20; i++) {
        waits.push((await tabs[i % 4]?.send(`m${i}`)) ?? Number.NaN)
        await sleep(150)
      }
    })()
    await sleep(600)
    await there.stopServing()
    await sending
    for (const tab of tabs) {
      await until(() => tab.held.size === 20)
      expect([...tab.held.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      expect(tab.refusals).toEqual([])
      tab.close()
    }
    expect(Math.max(...waits)).toBeLessThan(6_000)
  })
})
