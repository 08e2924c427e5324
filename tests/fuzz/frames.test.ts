// Malformed input against a real server process: it lives, stays as small as it was, answers nothing with `internal`, and those who talk
// meanwhile notice nothing.

import { expect, test } from 'vitest'
import type { LoginReply, MessagesReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { requestSchemas } from '#protocol/requests.ts'
import { connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { isLongRun, seed } from '../support/scale.ts'
import { newDataDir, startServer } from '../support/server-process.ts'
import { type FramesReport, runFrames } from './frames.ts'
import { startHealthyPair } from './healthy-pair.ts'
import { listRoutes, type Route } from './http-calls.ts'
import { type Memory, measureMemory } from './memory.ts'

/** A round is over before the tokens of its people are. */
const framesPerRound = 3_400
const rounds = isLongRun ? 30 : 3
const password = 'correct horse battery'
/** Of what is left after a full collection of garbage, from the first third to the last. */
const mayGrow = { heapBytes: 8 * 2 ** 20, residentBytes: 48 * 2 ** 20 }

test(`[FZ2] ${rounds * framesPerRound} malformed frames and calls harm nobody (seed ${seed})`, {
  timeout: isLongRun ? 3_600_000 : 200_000,
}, async () => {
  const server = startServer(await newDataDir(), {
    DATABASE_URL: newDatabaseUrl(),
    ADMIN_PASSWORD: password,
    RATE_LIMITS: 'off',
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  })
  const url = await server.ready()
  const routes = await listRoutes(url)
  const memory: Memory[] = []
  let sent = 0
  let reached = 0
  const requests = new Set<string>()

  for (let round = 0; round < rounds; round++) {
    const report = await runRound(url, routes, round)
    expect(report.internal).toEqual([])
    sent += report.sent
    for (const [name, count] of report.reached) {
      requests.add(name)
      reached += count
    }
    memory.push(await measureMemory(server.output()))
  }

  expect(sent).toBeGreaterThanOrEqual(rounds * framesPerRound)
  expect(reached).toBeGreaterThan(sent / 2)
  expect([...requests].sort()).toEqual(Object.keys(requestSchemas).sort())
  for (const kind of ['heapBytes', 'residentBytes'] as const) {
    const [first, last] = [memory.slice(0, rounds / 3), memory.slice(-rounds / 3)].map((third) =>
      Math.max(...third.map((measured) => measured[kind])),
    ) as [number, number]
    expect(last - first, `${kind} of ${JSON.stringify(memory)}`).toBeLessThan(mayGrow[kind])
  }
  const complaints = server
    .output()
    .split('\n')
    .filter((line) => /"level":[56]0|unhandled|uncaught/i.test(line))
  expect(complaints).toEqual([])
  server.kill('SIGTERM')
  expect((await server.exited).code).toBe(0)
})

async function get<T>(url: string, path: string, token: string): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  return (await response.json()) as T
}

async function post<T>(url: string, path: string, body: object, token?: string): Promise<T> {
  const headers = {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  const response = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

async function runRound(url: string, routes: Route[], round: number): Promise<FramesReport> {
  const admin = await post<LoginReply>(url, '/auth/login', { username: 'admin', password })
  const newCustomer = () => post<WidgetSessionReply>(url, '/widget/session', {})
  async function newUser(name: string, role: string) {
    await post(url, '/users', { username: name, password, name, role }, admin.token)
    return post<LoginReply>(url, '/auth/login', { username: name, password })
  }
  const healthyCustomer = await newCustomer()
  const healthyAgent = await newUser(`healthy${round}`, 'agent')
  const pair = await startHealthyPair(url, healthyCustomer.token, healthyAgent.token)
  const customers = [await newCustomer(), await newCustomer()]
  const agents = [await newUser(`agent${round}`, 'agent'), await newUser(`admin${round}`, 'admin')]
  // Changed as it may be: an admin among the attackers may well end the logins of another.
  const bystander = await newUser(`bystander${round}`, 'agent')
  const own = await connectClient(url, customers[0]?.token ?? '')
  const { conversation } = await own.request('conversation:start', {})
  own.close()

  const report = await runFrames({
    http: {
      url,
      routes,
      tokens: [...customers, ...agents].map(({ token }) => token),
      userId: bystander.user.id,
      conversationId: conversation.id,
    },
    customers: customers.map(({ token, customer }) => ({ token, userId: customer.id })),
    agents: agents.map(({ token, user }) => ({ token, userId: user.id })),
    frames: framesPerRound,
    seed: seed + round,
  })

  const { said, wrongs } = await pair.stop()
  expect(wrongs).toEqual([])
  expect(said).toBeGreaterThan(50)
  // Nothing that was sent has become a part of every object: a limit of 1, say.
  const page = await get<MessagesReply>(url, `/conversations/${pair.conversationId}/messages`, healthyAgent.token)
  expect(page.messages.map(({ seq }) => seq)).toEqual(
    Array.from({ length: limits.defaultPageSize }, (_, index) => said - limits.defaultPageSize + 1 + index),
  )
  return report
}
