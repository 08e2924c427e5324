// A patched server kills itself with SIGKILL at one exact point of a send.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Message } from '#protocol/entities.ts'
import type { LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { applyEdits, copySource } from '../support/patched-source.ts'
import { newDataDir, startServer } from '../support/server-process.ts'
import { killPoints, lastStraw } from './source-probes.ts'

/** Where the server dies, whether the message is stored by then, and on which write path. */
const points = [
  ['before the insert', false, 'locked'],
  ['before the commit', false, 'locked'],
  ['before the event', true, 'locked'],
  ['before the reply', true, 'locked'],
  ['before the round trip', false, 'optimistic'],
  ['before the event', true, 'optimistic'],
  ['before the reply', true, 'optimistic'],
] as const

const password = 'correct horse battery'
const warmUp = 'a message before'
const source = mkdtempSync(join(tmpdir(), 'kefu-kill-points-'))

beforeAll(() => {
  copySource(fileURLToPath(new URL('../..', import.meta.url)), source)
  applyEdits(source, killPoints)
})
afterAll(() => rmSync(source, { recursive: true }))

async function post<T>(url: string, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json() as T
}

it('[CH8] [MS1] [MS2] [MS3] a server killed at any point of a send neither loses nor repeats nor reorders a message (F01)', async () => {
  const settings = {
    DATABASE_URL: newDatabaseUrl(),
    JWT_SECRET: 'a secret of thirty-two characters',
    ADMIN_PASSWORD: password,
    RATE_LIMITS: 'off',
  }
  const start = async (point: string, writePath: string) => {
    const server = startServer(await newDataDir(), { ...settings, DIE_AT: point, APPEND: writePath }, source)
    return { server, url: await server.ready() }
  }
  const outbox: { clientMessageId: string; content: string }[] = []
  const ids: string[] = []
  const acknowledged = new Map<string, Message>()
  const received: Message[] = []
  let token = ''
  let conversationId = 0

  const write = (content: string) => {
    const clientMessageId = `m${ids.length + 1}`
    ids.push(clientMessageId)
    outbox.push({ clientMessageId, content })
    return clientMessageId
  }

  /** Connects the sender and a watcher to the server, catches up, and sends what is not acknowledged. */
  async function talk(url: string) {
    token ||= (await post<WidgetSessionReply>(url, '/widget/session', {})).token
    const customer = await connectClient(url, token)
    conversationId ||= (await customer.request('conversation:start', {})).conversation.id
    const { token: adminToken } = await post<LoginReply>(url, '/auth/login', { username: 'admin', password })
    const watcher = await connectClient(url, adminToken)
    watcher.socket.on('message:created', (message: Message) => received.push(message))
    const afterSeq = received.at(-1)?.seq ?? 0
    const { messages } = await watcher.request('conversation:open', { conversationId, afterSeq })
    received.push(...messages)
    const stored = messages.map((message) => message.clientMessageId)
    async function sendOne(send: { clientMessageId: string; content: string }) {
      const reply = await customer.socket.emitWithAck('message:send', { conversationId, ...send }).catch(() => null)
      if (reply?.ok) acknowledged.set(send.clientMessageId, reply.data.message)
    }
    // One acknowledged message after another puts the conversation into the server's cache.
    const warmUps = outbox.findLastIndex(({ content }) => content === warmUp) + 1
    for (const send of outbox.slice(0, warmUps)) await sendOne(send)
    await Promise.all(outbox.slice(warmUps).map(sendOne))
    outbox.splice(0, outbox.length, ...outbox.filter(({ clientMessageId }) => !acknowledged.has(clientMessageId)))
    return { stored, watcher, customer }
  }

  let killer: { id: string; isStored: boolean } | undefined
  for (const [point, isStored, writePath] of [...points, ['', false, 'optimistic'] as const]) {
    const { server, url } = await start(point, writePath)
    // The message that killed the last server must not kill this one.
    for (const send of outbox) send.content = send.content.replace(lastStraw, 'a straw')
    if (writePath === 'optimistic') for (let times = 0; times < 2; times++) write(warmUp)
    const killerId = point && write(lastStraw)
    for (const content of ['one', 'two']) write(content)
    const { stored, watcher, customer } = await talk(url)
    if (killer) expect([point, stored.includes(killer.id)]).toEqual([point, killer.isStored])
    killer = killerId ? { id: killerId, isStored } : undefined
    if (point) expect((await server.exited).code).toBe(null)
    else await expect.poll(() => received.length).toBe(ids.length)
    watcher.close()
    customer.close()
  }

  const expected = ids.map((id, index) => [id, index + 1])
  expect(received.map(({ clientMessageId, seq }) => [clientMessageId, seq])).toEqual(expected)
  for (const message of received) expect(acknowledged.get(message.clientMessageId)).toEqual(message)
})
