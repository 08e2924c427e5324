// Conversations without messages, and limits on opening and closing many of them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { runHousekeeping } from '../../server/customers/housekeeping.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const publishedIds = (agent: Client) =>
  [...agent.all('conversation:created'), ...agent.all('conversation:updated')].map(
    ({ conversation }) => conversation.id,
  )

async function idsListed(agent: Client): Promise<number[]> {
  const ids: number[] = []
  for (const view of ['queue', 'all', 'closed'] as const) {
    const { conversations } = await agent.request('conversation:list', { view, limit: 100 })
    ids.push(...conversations.map(({ id }) => id))
  }
  return ids
}

/** Arrives after everything published earlier. */
async function flush(agent: Client): Promise<void> {
  const { conversationId } = await app.startConversation({ agent, message: 'after all others' })
  await agent.next('conversation:created', ({ conversation }) => conversation.id === conversationId)
}

describe('a conversation without a message', () => {
  it('[CV20] [S7] alerts no agent and is in no view or count, whatever its customer does', async () => {
    const agent = await (await app.newAgent()).connect()
    const counts = await agent.request('conversation:count', {})
    const account = await app.newCustomer()
    const customer = await account.connect()
    const { conversation } = await customer.request('conversation:start', { subject: 'Nothing' })
    expect(conversation).toMatchObject({ status: 'open', queuedAt: null, lastSeq: 0 })
    const { id: conversationId } = conversation
    for (const name of ['conversation:close', 'conversation:reopen', 'conversation:close'] as const) {
      await customer.request(name, { conversationId })
    }
    await app.call('POST', '/widget/session', { site: app.siteKey, token: account.token, name: 'Somebody' })
    expect(await agent.request('conversation:count', {})).toEqual(counts)
    expect(await idsListed(agent)).not.toContain(conversationId)
    await flush(agent)
    expect(publishedIds(agent)).not.toContain(conversationId)
    const { conversations } = await customer.request('conversation:list', {})
    expect(conversations.map(({ id }) => id)).toEqual([conversationId])
  })

  it('[CV20] [S7] is queued last and published as created with its first message', async () => {
    const { agent, customer, conversationId } = await app.startConversation()
    const earlier = await app.startConversation({ agent, message: 'I was first' })
    await agent.next('conversation:created', ({ conversation }) => conversation.id === earlier.conversationId)
    await customer.request('message:send', { conversationId, clientMessageId: 'm1', content: 'Now' })
    const created = await agent.next('conversation:created', ({ conversation }) => conversation.id === conversationId)
    expect(created).toMatchObject({ change: 'created', conversation: { unread: 1, lastMessage: { content: 'Now' } } })
    expect(created.conversation.queuedAt).not.toBeNull()
    const update = await customer.next('conversation:updated', ({ conversation }) => conversation.lastSeq === 1)
    expect(update.change).toBe('message')
    const { conversations } = await agent.request('conversation:list', { view: 'queue', limit: 100 })
    const ids = conversations.map(({ id }) => id)
    expect(ids.indexOf(conversationId)).toBeGreaterThan(ids.indexOf(earlier.conversationId))
    await customer.request('message:send', { conversationId, clientMessageId: 'm2', content: 'And more' })
    await flush(agent)
    expect(
      agent.all('conversation:created').filter(({ conversation }) => conversation.id === conversationId),
    ).toHaveLength(1)
  })

  it('[CV20] is queued by its first message also after a second start, a close, or a message over HTTP', async () => {
    const agent = await (await app.newAgent()).connect()
    const seen =
      (id: number) =>
      ({ conversation }: { conversation: { id: number } }) =>
        conversation.id === id
    const account = await app.newCustomer()
    const customer = await account.connect()
    const message = { clientMessageId: 'm1', content: 'here I am' }
    const start = () => customer.request('conversation:start', { clientConversationId: 'twice' })
    const { conversation: twice } = await start()
    await customer.request('conversation:start', { clientConversationId: 'twice', message })
    await agent.next('conversation:created', seen(twice.id))
    const { conversation: closed } = await customer.request('conversation:start', {})
    await customer.request('conversation:close', { conversationId: closed.id })
    await customer.request('message:send', { conversationId: closed.id, ...message })
    expect((await agent.next('conversation:updated', seen(closed.id))).change).toBe('reopened')
    const { conversation: http } = await customer.request('conversation:start', {})
    expect((await account.call('POST', `/conversations/${http.id}/messages`, message)).status).toBe(201)
    await agent.next('conversation:created', seen(http.id))
    expect(await idsListed(agent)).toEqual(expect.arrayContaining([twice.id, closed.id, http.id]))
  })

  it('[CV20] stays visible once an agent has had it', async () => {
    const { agent, customer, conversationId } = await app.startConversation()
    const colleague = await (await app.newAgent()).connect()
    await agent.request('conversation:claim', { conversationId })
    await colleague.next('conversation:updated', ({ conversation }) => conversation.id === conversationId)
    await agent.request('conversation:release', { conversationId })
    expect(await idsListed(colleague)).toContain(conversationId)
    await customer.request('conversation:close', { conversationId })
    await colleague.next(
      'conversation:updated',
      ({ change, conversation }) => change === 'closed' && conversation.id === conversationId,
    )
    expect(await idsListed(colleague)).toContain(conversationId)
  })

  it('[CV21] [S7] is removed after a day, in more than one batch; others stay', async () => {
    const customer = await app.newCustomer()
    await app.fillQueue(customer.id, serverLimits.housekeepingRows + 3)
    const changed_at = new Date(Date.now() - serverLimits.emptyConversationMs - 60_000)
    const ofCustomer = app.db.updateTable('conversations').where('customer_id', '=', customer.id)
    await ofCustomer.set({ queued_at: null, changed_at }).execute()
    const written = await app.startConversation({ message: 'I stay' })
    const claimed = await app.startConversation()
    await claimed.agent.request('conversation:claim', { conversationId: claimed.conversationId })
    const old = [written.conversationId, claimed.conversationId]
    await app.db.updateTable('conversations').set({ changed_at }).where('id', 'in', old).execute()
    const recent = await app.startConversation()
    await Promise.all([runHousekeeping(app), runHousekeeping(app)])
    await runHousekeeping(app)
    const left = await app.db.selectFrom('conversations').select(['id', 'customer_id as customerId']).execute()
    expect(left.filter(({ customerId }) => customerId === customer.id)).toEqual([])
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([...old, recent.conversationId]))
    expect(await recent.customer.refused('conversation:open', { conversationId: 987_654 })).toBe('not_found')
  })
})

describe('starting, closing and reopening', () => {
  const names = ['conversationStarts', 'conversationCloses', 'conversationReopens'] as const

  async function limitedApp() {
    const limited = await startTestApp({ rateLimits: true })
    const account = await limited.newCustomer()
    const connections = await Promise.all(Array.from({ length: 10 }, () => account.connect()))
    return { limited, connections, account }
  }

  it('[CV22] [S7] is limited per customer, across all connections', async () => {
    const { limited, connections } = await limitedApp()
    const answers: string[] = []
    const run = async (customer: Client) => {
      for (let i = 0; i < 12; i++) {
        const started = await customer.ask('conversation:start', {})
        answers.push(started.ok ? 'ok' : started.error.code)
        if (!started.ok) continue
        const closed = await customer.ask('conversation:close', { conversationId: started.data.conversation.id })
        answers.push(closed.ok ? 'ok' : closed.error.code)
      }
    }
    await Promise.all(connections.map(run))
    const { n } = await limited.db
      .selectFrom('conversations')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
    expect(n).toBeLessThanOrEqual(budgets.conversationStarts.count + 2)
    expect(new Set(answers)).not.toContain('internal')
    expect(answers).toContain('rate_limited')
    const refused = await connections[0]?.ask('conversation:start', {})
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'rate_limited', details: { retryAfterMs: expect.any(Number) } },
    })
    await limited.stop()
  })

  it('[CV22] [S7] has separate limits for closing and reopening, and none for agents', async () => {
    const { limited, connections } = await limitedApp()
    const [customer] = connections as [Client]
    const { conversation } = await customer.request('conversation:start', {
      message: { clientMessageId: 'm', content: 'hi' },
    })
    const conversationId = conversation.id
    const admin = await (await limited.newAgent({ role: 'admin' })).connect()
    for (let i = 0; i < budgets.conversationCloses.count; i++) {
      await customer.request('conversation:close', { conversationId })
      await customer.request('conversation:reopen', { conversationId })
    }
    expect(await customer.refused('conversation:close', { conversationId })).toBe('rate_limited')
    expect(await customer.refused('conversation:reopen', { conversationId })).toBe('rate_limited')
    for (let i = 0; i < 5; i++) {
      await admin.request('conversation:close', { conversationId })
      await admin.request('conversation:reopen', { conversationId })
    }
    await limited.stop()
  })

  it('[CV22] [S7] is limited per address, across customers', async () => {
    const { limited, connections } = await limitedApp()
    const [customer] = connections as [Client]
    const { conversation } = await customer.request('conversation:start', {})
    for (const name of names) {
      const { count } = budgets[`${name}PerAddress`]
      for (let i = 0; i < count; i++) limited.rates.count(`${name}PerAddress`, '127.0.0.1')
    }
    const conversationId = conversation.id
    expect(await customer.refused('conversation:start', {})).toBe('rate_limited')
    expect(await customer.refused('conversation:close', { conversationId })).toBe('rate_limited')
    expect(await customer.refused('conversation:reopen', { conversationId })).toBe('rate_limited')
    // Messages in an open conversation are not affected.
    await customer.request('message:send', { conversationId, clientMessageId: 'm1', content: 'still here' })
    await limited.stop()
  })
})
