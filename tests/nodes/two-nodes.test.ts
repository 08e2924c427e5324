import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WidgetSessionReply } from '#protocol/http.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { logIn, newUser, password } from '../accounts/logins.ts'
import { png } from '../attachments/corpus.ts'
import { download, uploaded } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { findRedis } from '../support/programs.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/server-process.ts'

let redis: RedisServer
let here: TestApp
let there: TestApp
/** Bus messages that a node has dropped. */
const dropped: string[] = []
const log = (line: string) => void (line.includes('bus message dropped') && dropped.push(line))
/** Started processes, stopped in reverse order. */
const ends: (() => Promise<void>)[] = []

describe.skipIf(!findRedis())('two nodes', () => {
  beforeAll(async () => {
    redis = await startRedis()
    ends.push(redis.stop)
    here = await startTestApp({ rateLimits: true, node: { redisUrl: redis.url }, log })
    ends.push(here.stop)
    there = await startTestApp({ rateLimits: true, node: { redisUrl: redis.url, beside: here }, log })
    ends.push(there.stop)
    await until(() => here.redis?.isUp() === true && there.redis?.isUp() === true)
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
    expect(dropped).toEqual([])
  })

  it('[ND2] deliver every event of each other once and in order', async () => {
    const customer = await (await here.newCustomer()).connect()
    const account = await here.newAgent()
    const agent = await there.connect(account)
    await customer.next('availability:changed', ({ available }) => available)
    const message = { clientMessageId: 'c1', content: 'line 1' }
    const { conversation } = await customer.request('conversation:start', { message })
    const conversationId = conversation.id
    await agent.next('conversation:created', (event) => event.conversation.id === conversationId)
    await agent.request('conversation:open', { conversationId })
    await agent.request('conversation:claim', { conversationId })
    await customer.next('conversation:updated', (event) => event.conversation.agent?.id === account.id)

    for (let i = 2; i <= 10; i++) {
      await customer.request('message:send', { conversationId, clientMessageId: `c${i}`, content: `line ${i}` })
    }
    await agent.next('message:created', (message) => message.seq === 10)
    expect(agent.all('message:created').map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])

    await agent.request('typing:set', { conversationId, typing: true })
    await customer.next('typing:changed', (event) => event.userId === account.id)
    await agent.request('message:mark-read', { conversationId, seq: 10 })
    expect(await customer.next('receipt:updated')).toMatchObject({ seq: 10, readerRole: 'agent' })
    await agent.request('agent:set-status', { status: 'offline' })
    await customer.next('availability:changed', ({ available }) => !available)
  })

  it('[ND2] [AT6] share one upload folder: a file uploaded to one is sent by the other and downloaded from both', async () => {
    const account = await here.newCustomer()
    const customer = await there.connect(account)
    const { conversation } = await customer.request('conversation:start', {})
    const conversationId = conversation.id
    const agentAccount = await here.newAgent()
    const agent = await agentAccount.connect()
    await agent.request('conversation:claim', { conversationId })
    await agent.request('conversation:open', { conversationId })
    const image = await uploaded(here, account, await png(), 'tea.png')
    await customer.request('message:send', {
      conversationId,
      clientMessageId: 'p',
      type: 'image',
      attachmentId: image.id,
    })
    const event = await agent.next('message:created', (message) => message.conversationId === conversationId)
    expect(event.attachment).toEqual(image)
    for (const { token } of [account, agentAccount]) {
      for (const path of [`${image.id}`, `${image.id}/thumbnail`]) {
        const [one, other] = [await download(here, token, path), await download(there, token, path)]
        expect([one.status, other.status]).toEqual([200, 200])
        expect(one.bytes.equals(other.bytes)).toBe(true)
      }
    }
  })

  it('[ND2] deliver events to a client that has just subscribed on the other node (F20)', async () => {
    const { agent, conversationId } = await here.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const colleague = await here.newAgent()
    for (let i = 1; i <= 40; i++) {
      const late = await there.connect(colleague)
      await late.request('conversation:open', { conversationId, afterSeq: i - 1 })
      await agent.request('message:send', { conversationId, clientMessageId: `m${i}`, content: 'now' })
      expect(await late.next('message:created')).toMatchObject({ seq: i })
      late.close()
    }
  })

  it('[ND3] let one agent win each claim', async () => {
    const accounts = await Promise.all(Array.from({ length: 6 }, () => here.newAgent()))
    const agents = await Promise.all(accounts.map((one, i) => (i % 2 ? there : here).connect(one)))
    const customer = await here.newCustomer()
    await here.fillQueue(customer.id, 10)
    const rows = await here.db.selectFrom('conversations').select('id').where('customer_id', '=', customer.id).execute()
    expect(rows).toHaveLength(10)
    for (const { id: conversationId } of rows) {
      const replies = await Promise.all(agents.map((agent) => agent.ask('conversation:claim', { conversationId })))
      const winner = accounts[replies.findIndex((reply) => reply.ok)]
      const losers = replies.filter((reply) => !reply.ok)
      expect(losers).toHaveLength(agents.length - 1)
      for (const { error } of losers) {
        expect(error).toMatchObject({ code: 'already_claimed', details: { agentId: winner?.id } })
      }
    }
  })

  /** Milliseconds from the reply until a connection to the other node is closed. */
  async function endedWithin(account: Pick<TestAccount, 'token'>, end: () => Promise<unknown>): Promise<number> {
    const client = await there.connect(account)
    const ended = new Promise<string>((resolve) => client.socket.once('disconnect', resolve))
    await end()
    const from = performance.now()
    await ended
    expect(client.all('connection:closing')).toEqual([{ reason: 'revoked' }])
    return performance.now() - from
  }

  it('[ND7] [T04] close connections on every node within a second of the end of the session (F27, N16)', async () => {
    const admin = await here.newAgent({ role: 'admin' })
    const times: number[] = []
    for (let i = 0; i < 5; i++) {
      const account = await here.newAgent()
      times.push(await endedWithin(account, () => admin.call('PATCH', `/users/${account.id}`, { isDisabled: true })))
    }
    // The median: other tests on this machine delay one or the other.
    expect(times.sort((a, b) => a - b)[2]).toBeLessThan(1_000)
  })

  it('[ND7] [US3] [AU12] [CS10] [T04] do so after a new password, a login ended elsewhere, and a customer’s sign-out', async () => {
    const user = await newUser(here)
    const mine = await logIn(here, user.username)
    const elsewhere = async () => (await logIn(here, user.username)).reply
    const newPassword = { password: 'quite another one', oldPassword: password }
    const { resumeToken, token } = (await here.call('POST', '/widget/session', {})).body as WidgetSessionReply
    const ends = [
      await endedWithin(await elsewhere(), () => mine.call('DELETE', '/me/sessions')),
      await endedWithin(await elsewhere(), () => mine.call('PATCH', '/me', newPassword)),
      await endedWithin({ token }, () => here.call('POST', '/widget/logout', { resumeToken })),
    ]
    expect(ends.sort((a, b) => a - b)[1]).toBeLessThan(1_000)
    expect((await mine.call('GET', '/me')).status).toBe(200)
  })

  // These two mostly wait.
  it.concurrent('[ND4] keep an agent online until the last connection on any node is closed', async () => {
    const watcher = await (await here.newAgent()).connect()
    const account = await here.newAgent()
    const tabs = [await here.connect(account), await here.connect(account), await there.connect(account)]
    const ofAgent = () => watcher.all('agent:status-changed').filter(({ agentId }) => agentId === account.id)
    // The other node's reconciler may publish an event once more.
    const changes = () =>
      ofAgent()
        .map(({ status }) => status)
        .filter((status, index, all) => status !== all[index - 1])
    await until(() => ofAgent().length > 0)
    tabs[0]?.close()
    tabs[1]?.close()
    await new Promise((resolve) => setTimeout(resolve, serverLimits.presenceGraceMs + 1_000))
    expect(changes()).toEqual(['online'])
    tabs[2]?.close()
    await watcher.next('agent:status-changed', (event) => event.agentId === account.id && event.status === 'offline')
    expect(changes()).toEqual(['online', 'offline'])
  })

  it.concurrent('[ND7] close them within five seconds when the event about the session is lost', async () => {
    const [agent, customer] = [await here.newAgent(), await here.newCustomer()]
    const unpublished = async (table: 'login_sessions' | 'customer_sessions', { sessionId }: TestAccount) => {
      await here.db.updateTable(table).set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
    }
    const stays = await there.connect(await here.newCustomer())
    const both = await Promise.all([
      endedWithin(agent, () => unpublished('login_sessions', agent)),
      endedWithin(customer, () => unpublished('customer_sessions', customer)),
    ])
    expect(Math.min(...both)).toBeLessThan(5_000)
    expect(stays.socket.connected).toBe(true)
  })

  it('[ND8] count messages that a customer sent on the other node', async () => {
    const account = await here.newCustomer()
    const [first, second] = [await here.connect(account), await there.connect(account)]
    const { conversation } = await first.request('conversation:start', {})
    const send = (client: typeof first, i: number) =>
      client.ask('message:send', { conversationId: conversation.id, clientMessageId: `m${i}`, content: 'again' })
    const { count, windowMs } = budgets.customerMessages
    const from = performance.now()
    const all = await Promise.all(Array.from({ length: count }, (_, i) => send(first, i)))
    expect(all.filter(({ ok }) => ok)).toHaveLength(count)
    await new Promise((resolve) => setTimeout(resolve, 2 * serverLimits.sharedRatesMs))
    const replies = await Promise.all(Array.from({ length: 15 }, (_, i) => send(second, 100 + i)))
    const sinceThen = Math.ceil((performance.now() - from) / (windowMs / count))
    expect(replies.filter((reply) => reply.ok).length).toBeLessThanOrEqual(sinceThen)
    expect(replies.find((reply) => !reply.ok)).toMatchObject({ error: { code: 'rate_limited' } })
  })

  it('[ND10] receive nothing from another installation on the same Redis', async () => {
    const stranger = await startTestApp({ node: { redisUrl: redis.url } })
    try {
      await until(() => stranger.redis?.isUp() === true)
      const listener = await (await stranger.newAgent()).connect()
      const customer = await (await stranger.newCustomer()).connect()
      const { conversation } = await customer.request('conversation:start', {})
      await listener.request('conversation:open', { conversationId: conversation.id })
      const own = await here.startConversation()
      for (const client of [own.customer, customer]) {
        const conversationId = client === customer ? conversation.id : own.conversationId
        await client.request('message:send', { conversationId, clientMessageId: 'm1', content: `of ${conversationId}` })
      }
      await listener.next('message:created')
      await listener.next('conversation:created')
      const created = listener.all('conversation:created').map((event) => event.conversation.id)
      expect(created).toEqual([conversation.id])
      expect(listener.all('message:created').map(({ content }) => content)).toEqual([`of ${conversation.id}`])
    } finally {
      await stranger.stop()
    }
  })
})
