import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { findRedis } from '../support/programs.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { startRelay } from '../support/relay.ts'
import { connectRoaming, type RoamingClient } from '../support/roaming-client.ts'
import { newDataDir, type ServerProcess, startServer, until } from '../support/server-process.ts'

interface Node {
  url: string
  process: ServerProcess
  /** Starts the process again on the same port after it has exited. */
  startAgain(): Promise<void>
}

const password = 'correct horse battery'

/** Two real processes on one database, one Redis and one address. */
async function startNodes() {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const shared = {
    DATABASE_URL: newDatabaseUrl(),
    REDIS_URL: redis.url,
    JWT_SECRET: 'a secret of thirty-two characters',
    ADMIN_PASSWORD: password,
    RATE_LIMITS: 'off',
  }
  const startNode = async (): Promise<Node> => {
    const port = await freePort()
    const dataDir = await newDataDir()
    const start = async () => {
      node.process = startServer(dataDir, { ...shared, PORT: String(port) })
      await node.process.ready()
    }
    const node = { url: `http://127.0.0.1:${port}`, startAgain: start } as Node
    await start()
    return node
  }
  const first = await startNode()
  const second = await startNode()
  const balancer = await startRelay(first.url, second.url)
  onTestFinished(() => balancer.close())
  for (const { url } of [first, second]) {
    await until(async () => (await (await fetch(`${url}/readyz`)).json()).redis === 'up')
  }
  return { first, second, balancer }
}

async function call<T>(url: string, path: string, body: object, token = ''): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const logIn = (url: string, username: string) =>
  call<{ token: string; user: { id: number } }>(url, '/auth/login', { username, password })

/** A customer who sends through the balancer, and an admin who watches the same conversation. */
async function startTalk(url: string, adminToken: string) {
  const { token } = await call<WidgetSessionReply>(url, '/widget/session', {})
  const customer = await connectClient(url, token)
  const { conversation } = await customer.request('conversation:start', {})
  customer.close()
  const sender = await connectRoaming(url, token, conversation.id)
  const watcher = await connectRoaming(url, adminToken, conversation.id)
  onTestFinished(() => {
    sender.close()
    watcher.close()
  })
  return { sender, watcher }
}

async function expectWhole(clients: RoamingClient[], ids: string[]) {
  for (const client of clients) {
    await until(() => client.held.size === ids.length)
    const contents = [...client.held].sort(([a], [b]) => a - b)
    expect(contents).toEqual(ids.map((id, index) => [index + 1, id]))
    expect(client.refusals).toEqual([])
  }
}

describe.skipIf(!findRedis())('a node', () => {
  it('[ND5] whose process is killed leaves nobody behind: its agents are offline within 15 s, its clients complete on the other (N6)', async () => {
    const { first, second, balancer } = await startNodes()
    const admin = await logIn(first.url, 'admin')
    const agent = { username: 'lin', password, name: 'Lin', role: 'agent', email: 'lin@shop.example' }
    const { id } = await call<{ id: number }>(first.url, '/users', agent, admin.token)
    const observer = await connectClient(first.url, admin.token)
    onTestFinished(() => observer.close())
    await connectClient(second.url, (await logIn(first.url, 'lin')).token)
    await observer.next('agent:status-changed', (event) => event.agentId === id && event.status === 'online')
    const talks = [await startTalk(balancer.url, admin.token), await startTalk(balancer.url, admin.token)]

    const ids = Array.from({ length: 60 }, (_, i) => `m${i + 1}`)
    let killedAt = 0
    await Promise.all(
      talks.map(async ({ sender }) => {
        for (const id of ids) {
          await sender.send(id)
          if (killedAt === 0 && id === 'm30') {
            killedAt = performance.now()
            second.process.kill('SIGKILL')
          }
        }
      }),
    )
    for (const { sender, watcher } of talks) await expectWhole([sender, watcher], ids)
    await observer.next('agent:status-changed', (event) => event.agentId === id && event.status === 'offline')
    expect(performance.now() - killedAt).toBeLessThan(15_000)
  })

  it('[ND9] can be restarted, and then the other, without a failed send for clients that retry (F36, N7)', async () => {
    const { first, second, balancer } = await startNodes()
    const admin = await logIn(first.url, 'admin')
    const talks = [await startTalk(balancer.url, admin.token), await startTalk(balancer.url, admin.token)]
    const waits: number[] = []
    let isOver = false
    const sent = talks.map(async ({ sender }) => {
      const ids: string[] = []
      while (!isOver) {
        ids.push(`m${ids.length + 1}`)
        waits.push(await sender.send(ids.at(-1) as string))
        await sleep(40)
      }
      return ids
    })
    for (const node of [first, second]) {
      await sleep(500)
      node.process.kill('SIGTERM')
      expect((await node.process.exited).code).toBe(0)
      await node.startAgain()
    }
    isOver = true
    for (const [index, ids] of (await Promise.all(sent)).entries()) {
      const { sender, watcher } = talks[index] as (typeof talks)[number]
      expect(ids.length).toBeGreaterThan(30)
      await expectWhole([sender, watcher], ids)
    }
    waits.sort((a, b) => a - b)
    expect(waits.at(Math.floor(waits.length * 0.99))).toBeLessThan(4_000)
  })
})
