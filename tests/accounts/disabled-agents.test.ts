// Disabling an agent who has conversations, and every way in which a disabled agent could get or keep one.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockAccount } from '#db/queries/users.ts'
import type { AgentConversation, User } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { releaseConversationsOf } from '../../server/agents/release-disabled.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { codeOf, requestDuringTransaction } from './logins.ts'

const isQueued = { status: 'open', agent: null }

describe('an agent with conversations', () => {
  let app: TestApp
  let adminAccount: TestAccount
  let admin: Client
  beforeAll(async () => {
    app = await startTestApp()
    adminAccount = await app.newAgent({ role: 'admin' })
    admin = await adminAccount.connect()
  })
  afterAll(() => app.stop())

  const change = (id: number, body: object) => adminAccount.call('PATCH', `/users/${id}`, body)
  const disable = (id: number) => change(id, { isDisabled: true, release: true })
  const read = async (conversationId: number) =>
    (await admin.request('conversation:open', { conversationId })).conversation as AgentConversation

  /** An agent with conversations in progress. */
  async function busyAgent(count: number) {
    const account = await app.newAgent()
    const agent = await account.connect()
    const conversations = []
    for (let i = 0; i < count; i++) {
      const started = await app.startConversation({ message: 'hello' })
      const { queuedAt } = await read(started.conversationId)
      await agent.request('conversation:claim', { conversationId: started.conversationId })
      conversations.push({ ...started, queuedAt })
    }
    return { account, agent, conversations }
  }

  /** Assigns conversations of a disabled agent as a crash would leave them. */
  async function leaveWith(agentId: number, conversationId: number) {
    await app.db
      .updateTable('conversations')
      .set((eb) => ({ status: 'pending', agent_id: agentId, queued_at: null, version: eb('version', '+', 1) }))
      .where('id', '=', conversationId)
      .execute()
  }

  it('[US9] F7 is not disabled without a word about them', async () => {
    const { account, agent, conversations } = await busyAgent(2)
    for (const body of [{ isDisabled: true }, { isDisabled: true, release: false }, { isDisabled: true, name: 'Bo' }]) {
      expect(await change(account.id, body)).toMatchObject({
        status: 409,
        body: { error: { code: 'conflict', retryable: false, details: { reason: 'in_progress', inProgress: 2 } } },
      })
    }
    expect((await account.call('GET', '/me')).body).toMatchObject({
      isDisabled: false,
      name: expect.not.stringMatching('Bo'),
    })
    expect(agent.socket.connected).toBe(true)
    for (const { conversationId } of conversations)
      expect(await read(conversationId)).toMatchObject({ status: 'pending' })
    // Closed and released ones are not in progress.
    const [one, other] = conversations
    await agent.request('conversation:close', { conversationId: one?.conversationId ?? 0 })
    await agent.request('conversation:release', { conversationId: other?.conversationId ?? 0 })
    expect((await change(account.id, { isDisabled: true })).status).toBe(200)
  })

  it('[US9] [US9a] [TR3c] F7 is disabled with release: everything returns to its place in the queue', async () => {
    const { account, agent, conversations } = await busyAgent(3)
    const [answered, unanswered, closed] = conversations
    if (!answered || !unanswered || !closed) throw new Error('no conversations')
    const line = { conversationId: answered.conversationId, content: 'hello' }
    await agent.request('message:send', { ...line, clientMessageId: 'a' })
    const { message } = await answered.customer.request('message:send', { ...line, clientMessageId: 'b' })
    await agent.request('conversation:close', { conversationId: closed.conversationId })
    const reply = await disable(account.id)
    expect(reply).toMatchObject({ status: 200, body: { isDisabled: true } })
    expect(await read(answered.conversationId)).toMatchObject({ ...isQueued, queuedAt: message.createdAt })
    expect(await read(unanswered.conversationId)).toMatchObject({ ...isQueued, queuedAt: unanswered.queuedAt })
    expect(await read(closed.conversationId)).toMatchObject({ status: 'closed', agent: { id: account.id } })
    for (const { customer, conversationId } of [answered, unanswered]) {
      const event = await customer.next('conversation:updated', ({ change }) => change === 'released')
      expect(event.conversation).toMatchObject({ id: conversationId, status: 'open', agent: null })
    }
    // It is offline immediately, not after the grace period.
    await admin.next('agent:status-changed', (event) => event.agentId === account.id && event.status === 'offline')
    expect((await disable(account.id)).status).toBe(200)
  })

  it('[US9a] is disabled with more conversations than one transaction releases', async () => {
    const { account, agent } = await busyAgent(1)
    const customer = await app.newCustomer()
    const count = 2 * serverLimits.releaseRows
    await app.fillQueue(customer.id, count)
    const own = app.db.selectFrom('conversations').where('customer_id', '=', customer.id)
    await app.db
      .updateTable('conversations')
      .set({ status: 'pending', agent_id: account.id, queued_at: null })
      .where('customer_id', '=', customer.id)
      .execute()
    expect(await change(account.id, { isDisabled: true })).toMatchObject({
      body: { error: { details: { inProgress: count + 1 } } },
    })
    expect((await disable(account.id)).status).toBe(200)
    expect(await agent.next('connection:closing')).toEqual({ reason: 'revoked' })
    const left = await own.select('id').where('status', '=', 'pending').execute()
    expect(left).toEqual([])
    const queued = await own.select('id').where('status', '=', 'open').where('queued_at', 'is not', null).execute()
    expect(queued).toHaveLength(count)
  })

  it('[US9b] loses a conversation that a crash left, within a minute', async () => {
    const { account, conversations } = await busyAgent(1)
    const conversationId = conversations[0]?.conversationId ?? 0
    await disable(account.id)
    await leaveWith(account.id, conversationId)
    await expect.poll(() => read(conversationId), { timeout: 60_000 }).toMatchObject(isQueued)
  })

  it('[US9a] loses it immediately when an admin disables the agent again', async () => {
    const { account, conversations } = await busyAgent(1)
    const conversationId = conversations[0]?.conversationId ?? 0
    await disable(account.id)
    await leaveWith(account.id, conversationId)
    expect((await change(account.id, { isDisabled: true })).status).toBe(200)
    expect(await read(conversationId)).toMatchObject(isQueued)
  })

  it('[US9b] keeps those of an agent who was enabled again meanwhile', async () => {
    const { account, conversations } = await busyAgent(1)
    await releaseConversationsOf(app, account.id)
    expect(await read(conversations[0]?.conversationId ?? 0)).toMatchObject({ agent: { id: account.id } })
  })

  it('[US9d] keeps them with a new role, in both directions', async () => {
    const { account, conversations } = await busyAgent(1)
    const conversationId = conversations[0]?.conversationId ?? 0
    for (const role of ['admin', 'agent'] as const) {
      expect((await change(account.id, { role })).body).toMatchObject({ role } satisfies Partial<User>)
      expect(await read(conversationId)).toMatchObject({ status: 'pending', agent: { id: account.id } })
    }
  })

  it('[US9c] gets none by a transfer or a claim after it was disabled', async () => {
    const { account, agent } = await busyAgent(0)
    const { conversationId } = await app.startConversation({ message: 'hello' })
    await change(account.id, { isDisabled: true })
    expect(await admin.refused('conversation:transfer', { conversationId, agentId: account.id, anyway: true })).toBe(
      'not_found',
    )
    expect(agent.socket.connected).toBe(false)
    expect(await read(conversationId)).toMatchObject(isQueued)
  })

  it('[US9c] gets none by a claim that runs while it is being disabled', async () => {
    const { account, agent } = await busyAgent(0)
    const { conversationId } = await app.startConversation({ message: 'hello' })
    // The disabling has the row, so the claim waits and then finds the session ended.
    const claim = await requestDuringTransaction(
      app,
      async (trx) => {
        await lockAccount(trx, account.id)
        await trx.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', account.id).execute()
      },
      () => agent.ask('conversation:claim', { conversationId }),
    )
    expect(claim).toMatchObject({ ok: false, error: { code: 'unauthorized' } })
    expect(await read(conversationId)).toMatchObject(isQueued)
  })

  it('[US9] waits with the disabling for a claim that runs, and counts it', async () => {
    const { account } = await busyAgent(0)
    const { conversationId } = await app.startConversation({ message: 'hello' })
    const reply = await requestDuringTransaction(
      app,
      async (trx) => {
        await trx.selectFrom('users').select('id').where('id', '=', account.id).forUpdate().execute()
        await trx
          .updateTable('conversations')
          .set({ status: 'pending', agent_id: account.id, queued_at: null })
          .where('id', '=', conversationId)
          .execute()
      },
      () => change(account.id, { isDisabled: true }),
    )
    expect(reply).toMatchObject({ status: 409, body: { error: { details: { inProgress: 1 } } } })
    expect(codeOf(reply)).toBe('conflict')
  })

  it('[US9c] gets none by a transfer that runs while it is being disabled', async () => {
    const { account } = await busyAgent(0)
    const { conversationId } = await app.startConversation({ message: 'hello' })
    const transfer = await requestDuringTransaction(
      app,
      async (trx) => {
        await lockAccount(trx, account.id)
        await trx.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', account.id).execute()
      },
      () => admin.ask('conversation:transfer', { conversationId, agentId: account.id, anyway: true }),
    )
    expect(transfer).toMatchObject({ ok: false, error: { code: 'not_found' } })
    expect(await read(conversationId)).toMatchObject(isQueued)
  })

  it('[CE5] gets none back when an admin or the customer reopens it, or writes', async () => {
    const { account, agent, conversations } = await busyAgent(3)
    for (const { conversationId } of conversations) await agent.request('conversation:close', { conversationId })
    expect((await change(account.id, { isDisabled: true })).status).toBe(200)
    const [one, two, three] = conversations
    if (!one || !two || !three) throw new Error('no conversations')
    await admin.request('conversation:reopen', { conversationId: one.conversationId })
    await two.customer.request('conversation:reopen', { conversationId: two.conversationId })
    const line = { conversationId: three.conversationId, clientMessageId: 'again', content: 'one more thing' }
    await three.customer.request('message:send', line)
    for (const { conversationId } of conversations) expect(await read(conversationId)).toMatchObject(isQueued)
  })
})
