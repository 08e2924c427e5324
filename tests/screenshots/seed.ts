// Fills a running Kefu with the day of day.ts over its public API and sockets, then changes the rows to the day's
// times.

import { randomBytes, randomUUID } from 'node:crypto'
import { connectDatabase } from '#db/core/connect.ts'
import type { Database } from '#db/core/database.ts'
import { runningDatabase } from '#db/embedded/running-database.ts'
import type { LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { type Client, connectClient } from '../support/client.ts'
import { type Agent, type Line, type ScriptedConversation, scripts, shop, staff, today } from './day.ts'

export const password = randomBytes(9).toString('base64url')

/** Agents who are not at the console stay connected while screenshots are taken. */
export type Colleagues = Record<Exclude<Agent, 'yue'>, Client>

/** A time of that day, HH:MM in the shop's time zone. */
export const timeAt = (time: string): Date => new Date(`${today}T${time}:00+08:00`)

async function call<T>(url: string, method: string, path: string, body: unknown, token?: string): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const logIn = (url: string, agent: Agent): Promise<LoginReply> =>
  call(url, 'POST', '/auth/login', { username: staff[agent].username, password })

/** After setup has created the admin: her name and her colleagues. Anna is online, Ning is busy. */
export async function addAgents(url: string): Promise<Colleagues> {
  const { token } = await logIn(url, 'yue')
  await call(url, 'PATCH', '/me', { name: staff.yue.name }, token)
  const addAgent = async (agent: keyof Colleagues) => {
    await call(url, 'POST', '/users', { ...staff[agent], password, role: 'agent' }, token)
    return connectClient(url, (await logIn(url, agent)).token)
  }
  const colleagues = { anna: await addAgent('anna'), ning: await addAgent('ning') }
  await colleagues.ning.request('agent:set-status', { status: 'busy' })
  return colleagues
}

export interface StartedConversation {
  customer: Client
  conversationId: number
}
export type StartedConversations = Map<ScriptedConversation, StartedConversation>

/** Returns each customer and conversation, for the parts that screenshots show live. */
export async function startConversations(url: string, colleagues: Colleagues): Promise<StartedConversations> {
  const yue = await connectClient(url, (await logIn(url, 'yue')).token)
  const started: StartedConversations = new Map()
  for (const script of scripts) {
    const agent = script.agent && { yue, ...colleagues }[script.agent]
    started.set(script, await startConversation(url, script, agent))
  }
  yue.close()
  return started
}

async function startConversation(
  url: string,
  { customer: profile, page, lines, isClosed }: ScriptedConversation,
  agent?: Client,
): Promise<StartedConversation> {
  const { token } = await call<WidgetSessionReply>(url, 'POST', '/widget/session', profile)
  const customer = await connectClient(url, token)
  const { conversation } = await customer.request('conversation:start', {
    page: { url: `${shop.origin}${page.path}`, title: page.title },
  })
  const conversationId = conversation.id
  for (const [, side, content] of lines) {
    if (side === 'agent') await answer(agent as Client, conversationId, content)
    else await customer.request('message:send', { conversationId, clientMessageId: randomUUID(), content })
    if (side === 'agent') await readAll(customer, conversationId)
  }
  if (agent) await agent.request('conversation:claim', { conversationId })
  if (agent && isClosed) {
    await readAll(agent, conversationId)
    await agent.request('conversation:close', { conversationId })
  }
  return { customer, conversationId }
}

/** Claims it if needed, marks it read and writes. */
export async function answer(agent: Client, conversationId: number, content: string): Promise<void> {
  await agent.request('conversation:claim', { conversationId })
  await readAll(agent, conversationId)
  await agent.request('message:send', { conversationId, clientMessageId: randomUUID(), content })
}

async function readAll(reader: Client, conversationId: number): Promise<void> {
  const { conversation } = await reader.request('conversation:open', { conversationId })
  await reader.request('message:mark-read', { conversationId, seq: conversation.lastSeq })
  await reader.request('conversation:leave', { conversationId })
}

/** The API only knows the present, so the times are written to the rows. */
export async function setTimes(dataDir: string, days: Map<number, readonly Line[]>): Promise<void> {
  const db = connectDatabase(runningDatabase(dataDir), { connections: 1 })
  try {
    for (const [conversationId, lines] of days) await setConversationTimes(db, conversationId, lines)
  } finally {
    await db.destroy()
  }
}

async function setConversationTimes(db: Database, id: number, lines: readonly Line[]): Promise<void> {
  const times = lines.map(([time]) => timeAt(time))
  const first = times.at(0) as Date
  const last = times.at(-1) as Date
  for (const [index, created_at] of times.entries()) {
    const message = db
      .updateTable('messages')
      .where('conversation_id', '=', id)
      .where('seq', '=', index + 1)
    await message.set({ created_at }).execute()
  }
  const conversation = db.updateTable('conversations').where('id', '=', id)
  await conversation.set({ created_at: first, updated_at: last }).execute()
  await conversation.where('queued_at', 'is not', null).set({ queued_at: first }).execute()
  await conversation.where('closed_at', 'is not', null).set({ closed_at: last }).execute()
  const { customer_id } = await db
    .selectFrom('conversations')
    .select('customer_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  await db.updateTable('users').set({ created_at: first }).where('id', '=', customer_id).execute()
}
