// A server whose clock is set, while people talk, by a patch in a copy of its source. Timers go on as the kernel counts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LoginReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { type Client, connectClient } from '../support/client.ts'
import { newDatabaseUrl } from '../support/database.ts'
import { applyEdits, copySource } from '../support/patched-source.ts'
import { newDataDir, startServer } from '../support/server-process.ts'

const password = 'correct horse battery'
const source = mkdtempSync(join(tmpdir(), 'kefu-clock-'))
const hour = 3600_000
/** Each SIGUSR2 sets the clock by the next of these, against the true time. */
const shifts = [hour, -hour, 0]

beforeAll(() => {
  copySource(fileURLToPath(new URL('../..', import.meta.url)), source)
  const put = `const shifts = ${JSON.stringify(shifts)}
let shift = 0
const { Date: TrueDate } = globalThis
globalThis.Date = class extends TrueDate {
  constructor(...given: []) {
    if (given.length === 0) super(TrueDate.now() + shift)
    else super(...given)
  }
  static now() { return TrueDate.now() + shift }
} as DateConstructor
process.on('SIGUSR2', () => {
  shift = shifts.shift() ?? 0
  console.log('the clock is set')
})
`
  applyEdits(source, [
    { file: 'server/main.ts', find: 'async function serveAlone', put: `${put}\nasync function serveAlone` },
  ])
})
afterAll(() => rmSync(source, { recursive: true }))

it('[CH9] set an hour forward, then back, a server’s clock changes neither order nor times nor presence, and loses nobody (F28)', async () => {
  const settings = { DATABASE_URL: newDatabaseUrl(), JWT_SECRET: 'k'.repeat(32), ADMIN_PASSWORD: password }
  const skewed = startServer(await newDataDir(), settings, source)
  const url = await skewed.ready()
  const sound = await startServer(await newDataDir(), settings).ready()
  const call = async <T>(path: string, body: object, cookie = '') => {
    const headers = { 'content-type': 'application/json', ...(cookie && { cookie }) }
    const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect([path, answer.ok]).toEqual([path, true])
    return { reply: (await answer.json()) as T, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? cookie }
  }

  const began = Date.now()
  let login = await call<LoginReply>('/auth/login', { username: 'admin', password })
  let session = await call<WidgetSessionReply>('/widget/session', {})
  const customerId = session.reply.customer.id
  const watcher = await connectClient(sound, login.reply.token)
  let agent = await connectClient(url, login.reply.token)
  let customer = await connectClient(url, session.reply.token)
  const { conversation } = await customer.request('conversation:start', {})
  const conversationId = conversation.id
  await agent.request('conversation:claim', { conversationId })
  let sent = 0
  const say = async (...speakers: Client[]) => {
    for (const speaker of speakers) {
      const clientMessageId = `m${++sent}`
      const { message } = await speaker.request('message:send', { conversationId, clientMessageId, content: 'tick' })
      expect(message.seq).toBe(sent)
    }
  }

  /** Who is told that the token is over gets a newer one by what is kept for that, and is who they were. */
  async function comeBack() {
    for (const client of [agent, customer]) client.close()
    login = await call<LoginReply>('/auth/refresh', {}, login.cookie)
    session = await call<WidgetSessionReply>('/widget/session', { resumeToken: session.reply.resumeToken })
    expect(session.reply.customer.id).toBe(customerId)
    agent = await connectClient(url, login.reply.token)
    customer = await connectClient(url, session.reply.token)
  }

  await say(customer, agent)
  let before = 0
  /** Whose tokens were given by the clock as it was before it is set. */
  let dated = [agent, customer]
  for (const [index, shift] of shifts.entries()) {
    skewed.kill('SIGUSR2')
    await expect.poll(() => skewed.output().split('the clock is set').length - 1).toBe(index + 1)
    const isForward = shift > before
    if (isForward) {
      for (const client of dated) expect(await client.next('connection:closing')).toEqual({ reason: 'expired' })
      await comeBack()
    }
    // Set back, tokens are not over: whoever is here stays, writes, and may renew.
    await say(customer, agent, customer, agent)
    login = await call<LoginReply>('/auth/refresh', {}, login.cookie)
    expect(await agent.request('session:renew', { token: login.reply.token })).toMatchObject({
      expiresIn: expect.toSatisfy((seconds: number) => seconds > 0 && seconds <= limits.accessTokenMs / 1000),
    })
    dated = isForward ? [agent, customer] : [agent]
    before = shift
  }

  const { messages } = await watcher.request('conversation:open', { conversationId })
  expect(messages.map(({ seq }) => seq)).toEqual(Array.from({ length: sent }, (_, index) => index + 1))
  const times = messages.map(({ createdAt }) => Date.parse(createdAt))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(times[0]).toBeGreaterThan(began - 2_000)
  expect(times.at(-1)).toBeLessThan(Date.now() + 2_000)
  expect(watcher.all('agent:status-changed').filter(({ status }) => status === 'offline')).toEqual([])
  expect((await watcher.request('agent:list', {})).agents).toMatchObject([{ status: 'online' }])
  for (const client of [watcher, agent, customer]) client.close()
})
