// Several workers on one port without Redis: real processes with one primary. An Engine.IO id begins with the id of
// its worker.

import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { type Client, connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { connectRoaming } from '../support/roaming-client.ts'
import { databasePid, isRunning, newDataDir, startServer, until, workersOf } from '../support/server-process.ts'

const password = 'correct horse battery'
const serving = { ADMIN_PASSWORD: password, JWT_SECRET: 'a secret of thirty-two characters' }

async function startWorkers(env: Record<string, string> = {}) {
  const server = startServer(await newDataDir(), { ...serving, WORKERS: '2', DATABASE_URL: newDatabaseUrl(), ...env })
  return { server, url: await server.ready() }
}

async function call<T>(url: string, method: string, path: string, body: object, token = ''): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const logIn = (url: string, username = 'admin') =>
  call<{ token: string; user: { id: number } }>(url, 'POST', '/auth/login', { username, password })
const newCustomer = (url: string) => call<WidgetSessionReply>(url, 'POST', '/widget/session', {})
const readiness = async (url: string) => (await (await fetch(`${url}/readyz`)).json()).workers

async function newAgent(url: string, adminToken: string, username: string) {
  const agent = { username, password, name: username, role: 'agent', email: `${username}@shop.example` }
  const { id } = await call<{ id: number }>(url, 'POST', '/users', agent, adminToken)
  return { id, token: (await logIn(url, username)).token }
}

const workerOf = ({ socket }: Pick<Client, 'socket'>) => Number(socket.io.engine.id?.split('.')[0])

async function connect(url: string, token: string, options?: Parameters<typeof connectClient>[2]) {
  const client = await connectClient(url, token, options)
  onTestFinished(() => client.close())
  return client
}

/** Reconnects until the connection is, or is not, on the same worker. */
async function connectBeside(url: string, token: string, beside: Client, same = false) {
  for (;;) {
    const client = await connect(url, token)
    if ((workerOf(client) === workerOf(beside)) === same) return client
    client.close()
  }
}

/** The status of a GET over its own connection, or the error. */
function get(url: string): { answer: Promise<number | string | undefined> } {
  const answer = new Promise<number | string | undefined>((resolve) => {
    const asked = request(url, { agent: false }, (response) => resolve(response.resume().statusCode))
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)).end()
  })
  return { answer }
}

describe('two workers', () => {
  it('[WK1] [WK2] [WK6] deliver every event to each other without Redis, over WebSocket and polling', async () => {
    const { server, url } = await startWorkers()
    expect(server.output().match(/ready at/g)).toHaveLength(1)
    expect(await readiness(url)).toEqual({ ready: 2, of: 2 })
    const [admin, session] = await Promise.all([logIn(url), newCustomer(url)])
    const customer = await connect(url, session.token)
    const agent = await connectBeside(url, admin.token, customer)
    const start = { message: { clientMessageId: 'm0', content: 'hello' } }
    const { conversation } = await customer.request('conversation:start', start)
    const conversationId = conversation.id
    await agent.next('conversation:created', (event) => event.conversation.id === conversationId)
    await agent.request('conversation:open', { conversationId })
    await agent.request('conversation:claim', { conversationId })
    await customer.next('conversation:updated', (event) => event.conversation.agent?.id === admin.user.id)

    // Polls, upgrades and sends use connections that reach either worker.
    const polls = await Promise.all(
      Array.from({ length: 4 }, () => connect(url, admin.token, { transports: ['polling'] })),
    )
    const upgraded = await Promise.all(
      Array.from({ length: 4 }, () => connect(url, admin.token, { transports: ['polling', 'websocket'] })),
    )
    const others = [...polls, ...upgraded]
    expect(new Set(others.map(workerOf)).size).toBe(2)
    for (const { socket } of upgraded) {
      if (socket.io.engine.transport.name !== 'websocket') await once(socket.io.engine as never, 'upgrade')
    }
    for (const other of others) await other.request('conversation:open', { conversationId })
    const senders = [customer, agent, ...others]
    for (const [index, sender] of senders.entries()) {
      const content = `line ${index + 1}`
      await sender.request('message:send', { conversationId, clientMessageId: `m${index + 1}`, content })
    }
    const whole = senders.map((_, index) => index + 2)
    for (const client of senders) {
      // An event of the other worker may arrive after a later one of this worker. Clients put them in order.
      for (const seq of whole) await client.next('message:created', (message) => message.seq === seq)
      expect(client.all('message:created').filter(({ seq }) => seq > 1)).toHaveLength(whole.length)
    }
    expect(polls.map(({ socket }) => socket.io.engine.transport.name)).toEqual(polls.map(() => 'polling'))

    const figures = await (await fetch(`${url}/metrics`)).text()
    const connections = [...figures.matchAll(/^kefu_connections\{[^}]*worker="(\d)"\} (\d+)$/gm)]
    expect(connections.map(([, worker]) => worker).sort()).toEqual(['1', '2'])
    expect(connections.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(senders.length)
    expect(figures.match(/^# TYPE kefu_connections /gm)).toHaveLength(1)
  })

  it('[WK2] serve a client that polls over a new connection each time, whichever worker it reaches', async () => {
    const { url } = await startWorkers()
    const poll = (method: string, query = '', body = '') =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const asked = request(
          `${url}/socket.io/?EIO=4&transport=polling${query}`,
          { method, agent: false },
          (answer) => {
            let text = ''
            answer.setEncoding('utf8').on('data', (part) => {
              text += part
            })
            answer.on('end', () => resolve({ status: answer.statusCode, text }))
          },
        )
        asked.on('error', reject).end(body)
      })
    const { sid } = JSON.parse((await poll('GET')).text.slice(1)) as { sid: string }
    for (let i = 0; i < 50; i++) expect(await poll('POST', `&sid=${sid}`, '3')).toEqual({ status: 200, text: 'ok' })
  })

  it('[WK1] let one agent win each claim, share rate limits, and end sessions on both', async () => {
    const { url } = await startWorkers()
    const [admin, session] = await Promise.all([logIn(url), newCustomer(url)])
    const customer = await connect(url, session.token)
    const again = await connectBeside(url, session.token, customer)
    const lin = await newAgent(url, admin.token, 'lin')
    const here = await connectBeside(url, admin.token, customer, true)
    const there = await connectBeside(url, lin.token, customer)
    const { conversation } = await customer.request('conversation:start', {})
    const conversationId = conversation.id
    for (let round = 0; round < 10; round++) {
      const replies = await Promise.all(
        [here, there].map((agent) => agent.ask('conversation:claim', { conversationId })),
      )
      expect(replies.filter((reply) => reply.ok)).toHaveLength(1)
      const winner = replies[0]?.ok ? here : there
      await winner.request('conversation:release', { conversationId })
    }

    const send = (client: Client, i: number) =>
      client.ask('message:send', { conversationId, clientMessageId: `m${i}`, content: 'again' })
    const { count, windowMs } = budgets.customerMessages
    const beganAt = performance.now()
    for (let i = 0; i < count; i++) expect((await send(customer, i)).ok).toBe(true)
    await sleep(2 * serverLimits.sharedRatesMs)
    const replies = await Promise.all(Array.from({ length: 10 }, (_, i) => send(again, 100 + i)))
    // Only the tokens refilled in the meantime, two a second. Separate limits per worker would allow all ten.
    const free = Math.ceil(((performance.now() - beganAt) * count) / windowMs)
    expect(replies.filter((reply) => reply.ok).length).toBeLessThanOrEqual(free)

    const elsewhere = await connectBeside(url, lin.token, there)
    const ended = [there, elsewhere].map(({ socket }) => once(socket as never, 'disconnect'))
    await call(url, 'PATCH', `/users/${lin.id}`, { isDisabled: true, release: true }, admin.token)
    const from = performance.now()
    await Promise.all(ended)
    // Long before the reconciler of the other worker would close them.
    expect(performance.now() - from).toBeLessThan(3_000)
  })

  it('[WK3] [WK4] survive the loss of one while people talk: nobody waits for it or misses anything, and it is replaced', async () => {
    const { server, url } = await startWorkers({ RATE_LIMITS: 'off' })
    const [admin, session] = await Promise.all([logIn(url), newCustomer(url)])
    const starter = await connect(url, session.token)
    const { conversation } = await starter.request('conversation:start', {})
    const watchers = await Promise.all(
      Array.from({ length: 4 }, () => connectRoaming(url, admin.token, conversation.id)),
    )
    const sender = await connectRoaming(url, session.token, conversation.id)
    onTestFinished(() => [sender, ...watchers].forEach((one) => void one.close()))
    expect(new Set(watchers.map(workerOf)).size).toBe(2)

    const victim = workersOf(server.pid)[0] as number
    const ids = Array.from({ length: 40 }, (_, i) => `m${i + 1}`)
    for (const id of ids.slice(0, 20)) await sender.send(id)
    // A frozen worker gets at most one connection, and none waits for a killed one.
    process.kill(victim, 'SIGSTOP')
    const answers: unknown[] = []
    const asked = Array.from({ length: 10 }, () => get(`${url}/healthz`).answer.then((status) => answers.push(status)))
    await until(() => answers.length >= 9)
    expect(answers.slice(0, 9)).toEqual(Array(9).fill(200))
    process.kill(victim, 'SIGKILL')
    await Promise.all(asked)
    for (const id of ids.slice(20)) await sender.send(id)
    for (const client of [sender, ...watchers]) {
      await until(() => client.held.size === ids.length)
      expect([...client.held].sort(([a], [b]) => a - b)).toEqual(ids.map((id, index) => [index + 1, id]))
      expect(client.refusals).toEqual([])
    }
    await until(async () => (await readiness(url)).ready === 2)
    expect(workersOf(server.pid)).not.toContain(victim)
    expect(workersOf(server.pid)).toHaveLength(2)
  })
})

describe('the primary', () => {
  it('[WK4] queues at most a thousand connections while all workers are frozen', async () => {
    const { server, url } = await startWorkers()
    const workers = workersOf(server.pid)
    for (const pid of workers) process.kill(pid, 'SIGSTOP')
    const fit = serverLimits.waitingConnections + workers.length
    const answers: unknown[] = []
    const asked = Array.from({ length: fit + 20 }, () => get(`${url}/healthz`).answer.then((one) => answers.push(one)))
    await until(() => answers.length === 20)
    expect(new Set(answers)).toEqual(new Set(['ECONNRESET']))
    for (const pid of workers) process.kill(pid, 'SIGCONT')
    await Promise.all(asked)
    expect(answers.slice(20)).toEqual(Array(fit).fill(200))
  })

  it('[WK5] stops all processes in order; after it is killed no worker serves, and nothing blocks the next start', async () => {
    const dataDir = await newDataDir()
    const start = () => startServer(dataDir, { ...serving, WORKERS: '2' })
    const first = start()
    const client = await connect(await first.ready(), (await newCustomer(await first.ready())).token)
    const closing = client.next('connection:closing')
    const tree = [first.pid, databasePid(dataDir), ...workersOf(first.pid)]
    expect(tree).toHaveLength(4)
    first.kill('SIGTERM')
    expect(await closing).toEqual({ reason: 'restart' })
    expect((await first.exited).code).toBe(0)
    expect(tree.filter(isRunning)).toEqual([])

    const second = start()
    await second.ready()
    const workers = workersOf(second.pid)
    second.kill('SIGKILL')
    await until(() => !workers.some(isRunning))
    const third = start()
    expect(await get(`${await third.ready()}/readyz`).answer).toBe(200)
    // Like Ctrl-C in a terminal.
    for (const pid of [...workersOf(third.pid), third.pid]) process.kill(pid, 'SIGINT')
    expect((await third.exited).code).toBe(0)
  })

  it('[WK7] says in one line why it cannot start', async () => {
    const { server, url } = await startWorkers()
    const port = new URL(url).port
    const taken = await startServer(await newDataDir(), { WORKERS: '2', DATABASE_URL: newDatabaseUrl(), PORT: port })
      .exited
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`^PORT .*${port}\n$`)) })
    const many = await startServer(await newDataDir(), { WORKERS: '64', DATABASE_URL: newDatabaseUrl() }).exited
    expect(many).toMatchObject({ code: 1, stderr: expect.stringMatching(/^WORKERS must be at most \d+ .*\n$/) })
    expect(workersOf(server.pid)).toHaveLength(2)
  })
})
