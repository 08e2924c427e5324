// A server that ends itself by SIGKILL at one exact point of a message's way, by a patch in a copy of its source.

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

/**
 * Where it dies, whether the message that kills it is in the database by then, and whether its conversation is known: such a message is
 * written in one trip.
 */
const points = [
  ['before the insert', false, 'unknown'],
  ['before the commit', false, 'unknown'],
  ['before it is told', true, 'unknown'],
  ['before the answer', true, 'unknown'],
  ['before the trip', false, 'known'],
  ['before it is told', true, 'known'],
  ['before the answer', true, 'known'],
] as const

const password = 'correct horse battery'
const source = mkdtempSync(join(tmpdir(), 'kefu-kill-points-'))
const dieAt = (point: string, contents: string) =>
  `if (process.env.DIE_AT === '${point}' && ${contents}.some(({ content }) => content === 'the last straw')) process.kill(process.pid, 'SIGKILL')`

beforeAll(() => {
  copySource(fileURLToPath(new URL('../..', import.meta.url)), source)
  const insert = '  const firstId = await insertMessages(trx, rows)\n'
  const trip = '  const [, inserted] = (await executeInOneRoundTrip(app.db, [\n'
  const tell = '    publishMessages(app, sendsOf(batch), outcomes, changes)\n'
  applyEdits(source, [
    {
      file: 'server/messages/write-path/append-locked.ts',
      find: insert,
      put: `${dieAt('before the insert', 'rows')}\n${insert}${dieAt('before the commit', 'rows')}\n`,
    },
    {
      file: 'server/messages/write-path/append-optimistic.ts',
      find: trip,
      put: `${dieAt('before the trip', 'rows')}\n${trip}`,
    },
    {
      file: 'server/messages/write-path/message-writer.ts',
      find: 'canAppendOptimistically(app.conversationCache, send)',
      put: "process.env.CONVERSATION === 'known' && canAppendOptimistically(app.conversationCache, send)",
    },
    {
      file: 'server/messages/write-path/message-writer.ts',
      find: tell,
      put: `${dieAt('before it is told', 'sendsOf(batch)')}\n${tell}${dieAt('before the answer', 'sendsOf(batch)')}\n`,
    },
  ])
})
afterAll(() => rmSync(source, { recursive: true }))

async function post<T>(url: string, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json() as T
}

it('[CH8] [MS1] [MS2] [MS3] killed at exact points, each message is there once, in order, for who sends again and who watches (F01)', async () => {
  const settings = {
    DATABASE_URL: newDatabaseUrl(),
    JWT_SECRET: 'a secret of thirty-two characters',
    ADMIN_PASSWORD: password,
    RATE_LIMITS: 'off',
  }
  const start = async (point: string, conversation: string) => {
    const server = startServer(await newDataDir(), { ...settings, DIE_AT: point, CONVERSATION: conversation }, source)
    return { server, url: await server.ready() }
  }
  const outbox: { clientMessageId: string; content: string }[] = []
  const ids: string[] = []
  const acknowledged = new Map<string, Message>()
  const held: Message[] = []
  let token = ''
  let conversationId = 0

  const write = (content: string) => {
    const clientMessageId = `m${ids.length + 1}`
    ids.push(clientMessageId)
    outbox.push({ clientMessageId, content })
    return clientMessageId
  }

  /** Who sends and who watches come to this server, catch up, and send what is not acknowledged. */
  async function talk(url: string) {
    token ||= (await post<WidgetSessionReply>(url, '/widget/session', {})).token
    const customer = await connectClient(url, token)
    conversationId ||= (await customer.request('conversation:start', {})).conversation.id
    const { token: adminToken } = await post<LoginReply>(url, '/auth/login', { username: 'admin', password })
    const watcher = await connectClient(url, adminToken)
    watcher.socket.on('message:created', (message: Message) => held.push(message))
    const { messages } = await watcher.request('conversation:open', { conversationId, afterSeq: held.at(-1)?.seq ?? 0 })
    held.push(...messages)
    const stored = messages.map((message) => message.clientMessageId)
    async function sendOne(send: { clientMessageId: string; content: string }) {
      const reply = await customer.socket.emitWithAck('message:send', { conversationId, ...send }).catch(() => null)
      if (reply?.ok) acknowledged.set(send.clientMessageId, reply.data.message)
    }
    // What was written and answered before makes the conversation known.
    const before = outbox.findLastIndex(({ content }) => content === 'a word before') + 1
    for (const send of outbox.slice(0, before)) await sendOne(send)
    await Promise.all(outbox.slice(before).map(sendOne))
    outbox.splice(0, outbox.length, ...outbox.filter(({ clientMessageId }) => !acknowledged.has(clientMessageId)))
    return { stored, watcher, customer }
  }

  let straw: { id: string; isStored: boolean } | undefined
  for (const [point, isStored, conversation] of [...points, ['', false, 'known'] as const]) {
    const { server, url } = await start(point, conversation)
    // What was under way when the one before died goes first: it is harmless now, as the straw is another one's.
    for (const send of outbox) send.content = send.content.replace('the last straw', 'a straw')
    if (conversation === 'known') for (let times = 0; times < 2; times++) write('a word before')
    const killer = point && write('the last straw')
    for (const content of ['one', 'two']) write(content)
    const { stored, watcher, customer } = await talk(url)
    if (straw) expect([point, stored.includes(straw.id)]).toEqual([point, straw.isStored])
    straw = killer ? { id: killer, isStored } : undefined
    if (point) expect((await server.exited).code).toBe(null)
    else await expect.poll(() => held.length).toBe(ids.length)
    watcher.close()
    customer.close()
  }

  const seqs = ids.map((_, index) => index + 1)
  expect(held.map(({ clientMessageId, seq }) => [clientMessageId, seq])).toEqual(ids.map((id, i) => [id, seqs[i]]))
  for (const message of held) expect(acknowledged.get(message.clientMessageId)).toEqual(message)
})
