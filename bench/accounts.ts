// Agents, customers and conversations for a load, made through Kefu's own API, as people make them.

import { openConnection } from './load/connection.ts'
import type { RunningKefu } from './servers.ts'

export interface Room {
  conversationId: number
  customerToken: string
  agentToken: string
}

const atOnce = 8

/** Conversations that are in progress: each with a customer of its own, shared out evenly among so many agents. */
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

/** A token of an agent who was there already, by the id and the name. */
export async function logInAs(kefu: RunningKefu, id: number, username: string): Promise<string> {
  await call('PATCH', kefu.url, `/users/${id}`, { password: kefu.adminPassword }, await logIn(kefu, 'admin'))
  return logIn(kefu, username)
}

/** Tokens of so many new agents. */
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

/** A conversation that waits in the queue, and its customer's token. */
export async function startConversation(kefu: RunningKefu): Promise<{ token: string; conversationId: number }> {
  const token = await createCustomer(kefu)
  const data = (await ask(kefu.url, token, 'conversation:start', {})) as { conversation: { id: number } }
  return { token, conversationId: data.conversation.id }
}

/** One request over a connection of its own. */
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

/** The results in their order. */
export async function inParallel<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  let next = 0
  async function makeSome() {
    for (let index = next++; index < count; index = next++) made[index] = await make(index)
  }
  await Promise.all(Array.from({ length: atOnce }, makeSome))
  return made
}
