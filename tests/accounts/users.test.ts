// Agents and admins, managed by admins and by themselves.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lockInstallationRow } from '#db/queries/installation.ts'
import type { User } from '#protocol/entities.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { connectClient } from '../support/client.ts'
import { codeOf, logIn, newUser, password, refresh, requestDuringTransaction } from './logins.ts'

const newPassword = 'quite another one'

describe('users', () => {
  let app: TestApp
  let now = Date.now()
  let admin: TestAccount
  beforeAll(async () => {
    app = await startTestApp({ rateLimits: true, now: () => now })
  })
  afterAll(() => app.stop())
  beforeEach(async () => {
    now += budgets.loginFailures.windowMs
    admin = await app.newAgent({ role: 'admin' })
  })

  const change = (user: User, body: object) => admin.call('PATCH', `/users/${user.id}`, body)

  it('are created by an admin, with unique names [US1]', async () => {
    const body = { username: 'Ａnna', password, name: '安娜', role: 'agent', email: 'anna@shop.example' }
    const made = await admin.call('POST', '/users', body)
    expect(made).toMatchObject({
      status: 201,
      body: { username: 'anna', name: '安娜', isDisabled: false, language: null },
    })
    expect(codeOf(await admin.call('POST', '/users', { ...body, username: 'ANNA' }))).toBe('conflict')
    const { users } = (await admin.call('GET', '/users')).body as { users: User[] }
    expect(users).toContainEqual(made.body)
    expect(JSON.stringify(users)).not.toMatch(/argon2|password/i)
    expect((await logIn(app, 'anna')).reply.user).toEqual(made.body)
  })

  it('change only in the fields of the request [US1]', async () => {
    const user = await newUser(app)
    const changed = await change(user, { email: 'mei@shop.example' })
    expect(changed.body).toEqual({ ...user, email: 'mei@shop.example' })
    expect((await change(user, { email: null })).body).toEqual(user)
  })

  it('are not found when they do not exist or are customers [US6]', async () => {
    const customer = await app.newCustomer()
    for (const id of [999_999, customer.id]) {
      expect(codeOf(await admin.call('PATCH', `/users/${id}`, { name: 'Eve' })), String(id)).toBe('not_found')
    }
  })

  it('[US7] are published to colleagues when they change, join or leave, and their names to their customers', async () => {
    const { customer, agent, agentAccount, conversationId } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const watcher = await admin.connect()
    const agentUpdate = (agentId: number, name?: string) =>
      watcher.next('agent:updated', (each) => each.agentId === agentId && each.agent?.name === name)

    await agentAccount.call('PATCH', '/me', { name: '梅' })
    expect(await agentUpdate(agentAccount.id, '梅')).toMatchObject({
      agent: { status: 'online', openConversations: 1 },
    })
    const { conversation } = await customer.next('conversation:updated', ({ change }) => change === 'agent')
    expect(conversation.agent).toEqual({ id: agentAccount.id, name: '梅' })
    await agentAccount.call('PATCH', '/me', { language: 'en' })

    const user = await newUser(app)
    await change(user, { name: 'Bo', role: 'admin' })
    expect(await agentUpdate(user.id, 'Bo')).toMatchObject({ agent: { role: 'admin' } })
    await change(user, { isDisabled: true })
    expect(await agentUpdate(user.id)).toEqual({ agentId: user.id, agent: null })
    const body = { username: 'cai', password, name: 'Cai', role: 'agent' }
    const { id } = (await admin.call('POST', '/users', body)).body as User
    expect(await agentUpdate(id, 'Cai')).toMatchObject({ agent: { status: 'offline', openConversations: 0 } })
    expect(watcher.all('agent:updated').filter(({ agentId }) => agentId === agentAccount.id)).toHaveLength(1)
    expect(customer.all('agent:updated')).toEqual([])
  })

  it('change their own name and language [US2]', async () => {
    const user = await newUser(app)
    const { call } = await logIn(app, user.username)
    const changed = await call('PATCH', '/me', { name: '梅', language: 'zh-CN' })
    expect(changed).toMatchObject({ status: 200, body: { ...user, name: '梅', language: 'zh-CN' } })
    expect((await call('GET', '/me')).body).toEqual(changed.body)
  })

  it('change their password with the current one, which ends only their other logins [US2] [US3] [T04]', async () => {
    const user = await newUser(app)
    const here = await logIn(app, user.username)
    const elsewhere = await logIn(app, user.username)
    const [mine, other] = [
      await connectClient(app.url, here.reply.token),
      await connectClient(app.url, elsewhere.reply.token),
    ]
    expect(codeOf(await here.call('PATCH', '/me', { password: newPassword }))).toBe('invalid_request')
    const change = { password: newPassword, oldPassword: 'not this' }
    expect(codeOf(await here.call('PATCH', '/me', change))).toBe('forbidden')
    expect((await here.call('PATCH', '/me', { ...change, oldPassword: password })).status).toBe(200)
    expect(await other.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await elsewhere.call('GET', '/me'))).toBe('unauthorized')
    expect(codeOf(await refresh(app, elsewhere.cookie))).toBe('unauthorized')
    expect((await refresh(app, here.cookie)).status).toBe(200)
    expect(mine.socket.connected).toBe(true)
    await expect(logIn(app, user.username)).rejects.toThrow('401')
    await logIn(app, user.username, newPassword)
    mine.close()
    other.close()
  })

  it('cannot choose a common password or their own name as password [US8]', async () => {
    const user = await newUser(app)
    const { call } = await logIn(app, user.username)
    const made = { username: 'long-enough', name: 'Mei', role: 'agent' }
    for (const guessed of ['Iloveyou', user.username.toUpperCase()]) {
      const refused = { status: 400, body: { error: { details: { path: '/password', reason: 'common_password' } } } }
      expect(await change(user, { password: guessed })).toMatchObject(refused)
      expect(await call('PATCH', '/me', { password: guessed, oldPassword: password })).toMatchObject(refused)
    }
    for (const guessed of ['qwertyuiop', 'Long-Enough'])
      expect(codeOf(await admin.call('POST', '/users', { ...made, password: guessed }))).toBe('invalid_request')
    expect((await call('GET', '/me')).status).toBe(200)
    await logIn(app, user.username)
  })

  it('are rate limited like a login when they guess the current password [US2]', async () => {
    const user = await newUser(app)
    const { call } = await logIn(app, user.username)
    const guess = () => call('PATCH', '/me', { password: newPassword, oldPassword: 'not this' })
    for (let i = 0; i < budgets.loginFailures.count; i++) expect(codeOf(await guess())).toBe('forbidden')
    expect(codeOf(await guess())).toBe('rate_limited')
    await expect(logIn(app, user.username)).rejects.toThrow('429')
  })

  it('are logged out everywhere when an admin sets their password [US3]', async () => {
    const user = await newUser(app)
    const { cookie, reply } = await logIn(app, user.username)
    const client = await connectClient(app.url, reply.token)
    expect((await change(user, { password: newPassword })).status).toBe(200)
    expect(await client.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(codeOf(await refresh(app, cookie))).toBe('unauthorized')
    await logIn(app, user.username, newPassword)
    client.close()
  })

  it.each([{ isDisabled: true }, { role: 'admin' }])(
    'changed by %o are logged out everywhere [US4] [T04]',
    async (body) => {
      const user = await newUser(app)
      const { call, cookie, reply } = await logIn(app, user.username)
      const client = await connectClient(app.url, reply.token)
      expect((await change(user, body)).body).toMatchObject(body)
      expect(codeOf(await call('GET', '/me'))).toBe('unauthorized')
      expect(codeOf(await refresh(app, cookie))).toBe('unauthorized')
      // Immediately, without waiting for the sweep of revoked sessions.
      expect(client.all('connection:closing')).toEqual([{ reason: 'revoked' }])
      client.close()
    },
  )

  it('can log in again after they are enabled, with everything else unchanged [US4]', async () => {
    const user = await newUser(app)
    await change(user, { isDisabled: true })
    await expect(logIn(app, user.username)).rejects.toThrow('401')
    expect((await change(user, { isDisabled: false })).body).toEqual(user)
    await logIn(app, user.username)
  })

  it('always include an admin who can log in [US5] [T07]', async () => {
    const colleague = await newUser(app, 'admin')
    await app.db
      .updateTable('users')
      .set({ role: 'agent' })
      .where('role', '=', 'admin')
      .where('id', 'not in', [admin.id, colleague.id])
      .execute()
    const self = { id: admin.id } as User
    expect((await change(self, { role: 'admin', isDisabled: false })).status).toBe(200)
    // While one of two admins becomes an agent, the other is disabled.
    const late = await requestDuringTransaction(
      app,
      async (trx) => {
        await lockInstallationRow(trx)
        await trx.updateTable('users').set({ role: 'agent' }).where('id', '=', colleague.id).execute()
      },
      () => change(self, { isDisabled: true }),
    )
    expect(codeOf(late)).toBe('conflict')
    expect(codeOf(await change(self, { role: 'agent' }))).toBe('conflict')
    expect((await change(colleague, { role: 'admin' })).status).toBe(200)
    expect((await change(self, { role: 'agent' })).status).toBe(200)
  })
})
