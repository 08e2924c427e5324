// Creates agents, customers and conversations for a load through Kefu's API.

import { openConnection } from './load/connection.ts'
import type { RunningKefu } from './servers.ts'

export interface Room {
  conversationId: number
  customerToken: string
  agentToken: string
}

const concurrency = 8

/** Claimed conversations, each with its own customer, spread evenly over the agents. */
export async function createRooms(
  kefu: RunningKefu,
  { rooms, agents }: { rooms: number; agents: number },
): Promise<Room[]> {
  const agentTokens = await createAgents(kefu, agents)
  return inParallel(rooms, async (index) => {
    const agentToken = agentTokens[index % agents] as string
    const { token, conversationId } = await startConversation(kefu)
    await ask(kefu.url, agentToken, 'conversation:claim', { conversationId })
    return { conversationId, customerToken: token, agentToken }
  })
}

const logIn = async (kefu: RunningKefu, username: string) =>
  (await call('POST', kefu.url, '/auth/login', { username, password: kefu.adminPassword })).token

/** A token of an existing agent. */
export async function logInAs(kefu: RunningKefu, id: number, username: string): Promise<string> {
  await call('PATCH', kefu.url, `/users/${id}`, { password: kefu.adminPassword }, await logIn(kefu, 'admin'))
  return logIn(kefu, username)
}

/** Creates agents and returns their tokens. */
export async function createAgents(kefu: RunningKefu, count: number): Promise<string[]> {
  const adminToken = await logIn(kefu, 'admin')
  const prefix = `agent-${Date.now().toString(36)}`
  return inParallel(count, async (index) => {
    const login = { username: `${prefix}-${index}`, password: kefu.adminPassword }
    await call('POST', kefu.url, '/users', { ...login, name: `Agent ${index}`, role: 'agent' }, adminToken)
    return logIn(kefu, login.username)
  })
}

export async function createCustomer(kefu: RunningKefu): Promise<string> {
  return (await call('POST', kefu.url, '/widget/session', {})).token as string
}

/** A conversation in the queue, with its customer's token. */
export async function startConversation(kefu: RunningKefu): Promise<{ token: string; conversationId: number }> {
  const token = await createCustomer(kefu)
  const data = (await ask(kefu.url, token, 'conversation:start', {})) as { conversation: { id: number } }
  return { token, conversationId: data.conversation.id }
}

/** Sends one request over its own connection. */
async function ask(url: URL, token: string, name: string, payload: unknown): Promise<unknown> {
  const listener = { acknowledged() {}, event() {}, ended() {} }
  const connection = await openConnection(url, { auth: { token }, requests: [] }, listener)
  const reply = (await connection.request(name, payload)) as { ok: boolean; data: unknown }
  connection.close()
  if (!reply.ok) throw new Error(`${name}: ${JSON.stringify(reply)}`)
  return reply.data
}

async function call(
  method: 'POST' | 'PATCH',
  url: URL,
  path: string,
  body: unknown,
  token?: string,
): Promise<{ token: string }> {
  const response = await fetch(new URL(`/api/v1${path}`, url), {
    method,
    headers: {
      'content-type': 'application/json',
      origin: url.origin,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as { token: string }
}

/** Returns the results in order. */
export async function inParallel<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  async function work() {
    for (let index = next++; index < count; index = next++) results[index] = await make(index)
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return results
}
