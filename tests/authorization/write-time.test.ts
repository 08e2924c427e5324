// The checks at write time: for each request and route with an effect, the actor's session ends after the first check
// has passed. Also what waits in a connection's queue or for the writers, and sessions that end during a handshake.

import jwt from 'jsonwebtoken'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IdentitySecretReply, WidgetSessionReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName } from '#protocol/requests.ts'
import { uploadAttachment } from '../../server/attachments/upload-attachment.ts'
import { authenticate } from '../../server/auth/authenticate.ts'
import { createCurrentActors } from '../../server/auth/current-actors.ts'
import { endOtherSessions, endSession } from '../../server/auth/end-sessions.ts'
import { type RequestEntry, requests } from '../../server/realtime/requests.ts'
import type { Actor, AgentActor } from '../../server/shared/actor.ts'
import { createSite } from '../../server/sites/create-site.ts'
import { newIdentitySecret } from '../../server/sites/new-identity-secret.ts'
import { updateSite } from '../../server/sites/update-site.ts'
import { createUser } from '../../server/users/create-user.ts'
import { updateMe } from '../../server/users/update-me.ts'
import { updateUser } from '../../server/users/update-user.ts'
import { loopback, startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'
import { createMatrixFixture, type MatrixFixture } from './fixtures.ts'
import { overHttp, overSockets, type Row, readTable } from './permissions.ts'
import { payloads, type Subject } from './sample-requests.ts'

let fixture: MatrixFixture
beforeAll(async () => {
  fixture = await createMatrixFixture()
})
afterAll(() => fixture.app.stop())

const password = 'correct horse 电池'

type Column = 'owner' | 'holder' | 'admin'

/** A permitted actor with their own session, and the subject of the request. */
async function prepare(row: Row, column: Column): Promise<{ account: TestAccount; actor: Actor; subject: Subject }> {
  const [subject] = await fixture.newSubjects(1, row.state)
  if (subject === undefined) throw new Error('no subject')
  const { id } = column === 'owner' ? { id: subject.customerId } : fixture.people[column].account
  const account = await fixture.app.newSession(id, column === 'owner' ? 'customer' : 'agent')
  const { actor } = await authenticate(fixture.app, account.token, loopback)
  return { account, actor, subject }
}

function endInDatabase({ sessionId }: TestAccount, { role }: Actor) {
  const table = role === 'customer' ? 'customer_sessions' : 'login_sessions'
  return fixture.app.db.updateTable(table).set({ revoked_at: new Date() }).where('id', '=', sessionId).execute()
}

/** Each permitted row, once for each permitted actor. */
const allowed = (rows: readonly Row[]) =>
  rows.flatMap((row) =>
    (['owner', 'holder', 'admin'] as const)
      .filter((column) => row.outcomes[column] === 'ok')
      .map((column) => ({ row, column })),
  )

/** Requests that are written in batches or not at all: this node's knowledge of the actor refuses them [MS6]. */
const byThisNode: string[] = ['message:send', 'message:mark-read', 'typing:set']

function ask(name: string, actor: Actor, subject: Subject) {
  const entry = requests[name as RequestName] as unknown as RequestEntry
  return entry.handle(fixture.app, actor, payloads[name as RequestName](subject) as never)
}

const calls: Record<string, (actor: AgentActor, subject: Subject) => Promise<unknown>> = {
  'PATCH /api/v1/me': (actor, { word }) => updateMe(fixture.app, actor, { name: word }),
  'DELETE /api/v1/me/sessions': (actor) => endOtherSessions(fixture.app, actor),
  'DELETE /api/v1/me/sessions/:id': async (actor) =>
    endSession(fixture.app, actor, (await fixture.app.newSession(actor.userId, 'agent')).sessionId),
  'POST /api/v1/users': (actor, { word }) =>
    createUser(fixture.app, actor, { username: word, password, name: 'Mei', role: 'admin' }),
  'PATCH /api/v1/users/:id': (actor, { otherAgentId }) =>
    updateUser(fixture.app, actor, { id: otherAgentId, isDisabled: true }),
  'POST /api/v1/sites': (actor, { word }) => createSite(fixture.app, actor, { name: word }),
  'PATCH /api/v1/sites/:id': (actor, { siteId, word }) => updateSite(fixture.app, actor, { id: siteId, name: word }),
  'POST /api/v1/sites/:id/identity-secret': (actor, { siteId }) =>
    newIdentitySecret(fixture.app, actor, { id: siteId }),
  'POST /api/v1/attachments': (actor) =>
    uploadAttachment(fixture.app, actor, {
      receive: async () => ({ name: 'a.txt', content: words() }),
      signal: new AbortController().signal,
    }),
}

async function* words() {
  yield Buffer.from('some text')
}

describe('[AZ1] an actor whose session ends after the first check writes nothing', () => {
  const socketRows = allowed(readTable(overSockets, 1))
  const names = [...new Set(socketRows.map(({ row }) => row.name))]

  it.each(names.filter((name) => !byThisNode.includes(name)))('by %s, as the database has it', async (name) => {
    for (const { row, column } of socketRows.filter((one) => one.row.name === name)) {
      const { account, actor, subject } = await prepare(row, column)
      await endInDatabase(account, actor)
      const before = await fixture.rows()
      await expect(ask(name, actor, subject), `${row.state} ${column}`).rejects.toMatchObject({ code: 'unauthorized' })
      expect(await fixture.rows()).toEqual(before)
    }
  })

  it.each(names)('[AZ4] with %s, once this node knows', async (name) => {
    for (const { row, column } of socketRows.filter((one) => one.row.name === name)) {
      const { actor, subject } = await prepare(row, column)
      actor.isEnded = true
      const before = await fixture.rows()
      for (const { client } of Object.values(fixture.people)) client.received.length = 0
      await expect(ask(name, actor, subject), `${row.state} ${column}`).rejects.toMatchObject({ code: 'unauthorized' })
      expect(await fixture.rows()).toEqual(before)
      await fixture.people.holder.client.request('conversation:count', {})
      expect(fixture.people.holder.client.all('typing:changed')).toEqual([])
    }
  })

  it('with any request that has an effect (a new one must be listed here)', () => {
    const withEffect = readTable(overHttp, 2).filter(
      ({ name, outcomes }) =>
        !name.startsWith('GET ') && outcomes.nobody === 'unauthorized' && outcomes.admin !== 'unauthorized',
    )
    const named = withEffect.map(({ name }) => name).filter((name) => !name.endsWith('/conversations/:id/messages'))
    expect([...new Set(named)].sort()).toEqual(Object.keys(calls).sort())
  })

  it.each(Object.keys(calls))('by %s, and is forbidden it in another role', async (name) => {
    const row: Row = { name, state: null, outcomes: {} as Row['outcomes'] }
    const one = await prepare(row, 'admin')
    const call = calls[name] as (typeof calls)[string]
    const asOther = { ...one.actor, role: 'agent' } as AgentActor
    const sessions = async () => (await fixture.rows()).login_sessions
    const others = async () => ({ ...(await fixture.rows()), login_sessions: [] })
    const before = await others()
    await expect(call(asOther, one.subject)).rejects.toMatchObject({ code: 'forbidden' })
    await endInDatabase(one.account, one.actor)
    const ended = async () =>
      ((await sessions()) as { revoked_at: string | null }[]).filter((row) => row.revoked_at).length
    const endedBefore = await ended()
    await expect(call(one.actor as AgentActor, one.subject)).rejects.toMatchObject({ code: 'unauthorized' })
    expect(await others()).toEqual(before)
    expect(await ended()).toBe(endedBefore)
  })
})

/** Locks a conversation's row, as another node might, until released. */
async function lockConversation({ db }: TestApp, id: number): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const transaction = db.transaction().execute(async (trx) => {
    await trx.selectFrom('conversations').select('id').where('id', '=', id).forUpdate().execute()
    held.resolve()
    await done.promise
  })
  await held.promise
  return async () => {
    done.resolve()
    await transaction
  }
}

describe('requests that wait when their connection ends', () => {
  const queued = 150

  async function queueBehindSend(app: TestApp) {
    const { conversationId, agent, agentAccount, customerAccount } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    await app.fillQueue(customerAccount.id, queued)
    const ids = await app.db
      .selectFrom('conversations')
      .select('id')
      .where('customer_id', '=', customerAccount.id)
      .where('status', '=', 'open')
      .execute()
    expect(ids).toHaveLength(queued)
    const unlock = await lockConversation(app, conversationId)
    // Nobody awaits the replies: the connection closes before them.
    agent.socket.emit('message:send', { conversationId, clientMessageId: 'first', content: 'hello' })
    for (const { id } of ids) agent.socket.emit('conversation:claim', { conversationId: id })
    // The reply comes outside the queue, so all requests before it have arrived.
    await agent.socket.emitWithAck('no:such-request', {})
    return { agent, agentAccount, unlock, ids: ids.map(({ id }) => id) }
  }

  /** How many of the requests started after the row was unlocked, and how many succeeded. */
  async function countRuns(app: TestApp, unlock: () => Promise<void>, ids: readonly number[]) {
    const trips = await recordRoundTrips(async () => {
      await unlock()
      await app.messageWriter.drain()
      // The queued requests run before this query in the event loop.
      await app.db.selectFrom('users').select('id').limit(1).execute()
    })
    const changed = app.db.selectFrom('conversations').select('id').where('id', 'in', ids).where('status', '<>', 'open')
    return {
      began: trips.filter((sql) => sql.includes('lock in share mode')).length,
      did: (await changed.execute()).length,
    }
  }

  it('[AZ5] [S23] are dropped when the agent is disabled', async () => {
    const { app } = fixture
    const { agent, agentAccount, unlock, ids } = await queueBehindSend(app)
    const answer = await fixture.people.admin.account.call('PATCH', `/users/${agentAccount.id}`, {
      isDisabled: true,
      release: true,
    })
    expect(answer.status).toBe(200)
    expect(await agent.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(await countRuns(app, unlock, ids)).toEqual({ began: 0, did: 0 })
  })

  it('[AZ5] [S23] are dropped when the token of the connection expires', async () => {
    const time = { ahead: 0 }
    const app = await startTestApp({ now: () => Date.now() + time.ahead })
    const { agent, unlock, ids } = await queueBehindSend(app)
    time.ahead = limits.accessTokenMs + 1_000
    expect(await agent.next('connection:closing')).toEqual({ reason: 'expired' })
    expect(await countRuns(app, unlock, ids)).toEqual({ began: 0, did: 0 })
    await app.stop()
  })

  it('[AZ4] [MS6] [S5] are not written by the next batch, neither from a socket nor from HTTP', async () => {
    const { app } = fixture
    const { conversationId, agent, agentAccount } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    const other = await app.newSession(agentAccount.id, 'agent')
    const unlock = await lockConversation(app, conversationId)
    agent.socket.emit('message:send', { conversationId, clientMessageId: 'first', content: 'hello' })
    await agent.socket.emitWithAck('no:such-request', {})
    // The batch is at the database now, so what follows belongs to the next one.
    await new Promise(setImmediate)
    await app.db.selectFrom('users').select('id').limit(1).execute()
    agent.socket.emit('message:send', { conversationId, clientMessageId: 'waiting', content: 'hello' })
    await agent.socket.emitWithAck('no:such-request', {})
    const path = `/conversations/${conversationId}/messages`
    const called = agentAccount.call('POST', path, { clientMessageId: 'called', content: 'hello' })
    await expect
      .poll(() => app.actors.all().filter(({ sessionId }) => sessionId === agentAccount.sessionId).length)
      .toBe(2)
    expect((await other.call('DELETE', `/me/sessions/${agentAccount.sessionId}`)).status).toBe(204)
    await unlock()
    expect((await called).status).toBe(401)
    await app.messageWriter.drain()
    // Not even the first: it is decided under the row lock, which it gets after the revocation.
    expect(await app.storedMessages(conversationId)).toEqual([])
  })

  it('[AZ4] mark nothing as read in the next batch', async () => {
    const { app } = fixture
    const { conversationId, customer, customerAccount, agent } = await app.startConversation()
    await agent.request('conversation:claim', { conversationId })
    for (const clientMessageId of ['one', 'two'])
      await agent.request('message:send', { conversationId, clientMessageId, content: 'hello' })
    const actor = app.actors.all().find(({ sessionId }) => sessionId === customerAccount.sessionId) as Actor
    const unlock = await lockConversation(app, conversationId)
    const planned = app.receiptWriter.mark({ actor, conversationId, seq: 1 })
    await new Promise(setImmediate)
    const waiting = app.receiptWriter.mark({ actor, conversationId, seq: 2 })
    const refused = expect(waiting).rejects.toMatchObject({ code: 'unauthorized' })
    app.connections.end({ userId: customerAccount.id }, 'revoked')
    await unlock()
    await Promise.allSettled([planned])
    await refused
    const rows = app.db.selectFrom('conversations').select('customer_read_seq as seq').where('id', '=', conversationId)
    expect((await rows.executeTakeFirstOrThrow()).seq).toBeLessThan(2)
    customer.close()
  })
})

describe('[AZ6] a session that ends during authentication', () => {
  const someone = { userId: 1, sessionId: 1, name: '', role: 'customer', siteId: 1, address: loopback } as const

  it('is noticed from before its rows are read', async () => {
    const actors = createCurrentActors()
    const entered = await actors.enter(someone, async () => {
      actors.end({ userId: 1, sessionId: 1 })
      return { ...someone }
    })
    expect(entered).toBeUndefined()
    expect(actors.all()).toEqual([])
  })

  it('does not affect other sessions of the same person', async () => {
    const actors = createCurrentActors()
    const enter = (sessionId: number) => actors.enter({ userId: 1, sessionId }, async () => ({ ...someone, sessionId }))
    const [one, two] = [await enter(1), await enter(2)]
    actors.end({ userId: 1, exceptSessionId: 2 })
    expect([one?.isEnded, two?.isEnded]).toEqual([true, false])
    actors.end({ userId: 2 })
    expect(two?.isEnded).toBe(false)
    actors.end({ userId: 1 })
    expect(two?.isEnded).toBe(true)
  })

  it('leaves no entry behind after a request, a refused one, or a connection', async () => {
    const { app } = fixture
    const agent = await app.newAgent()
    const isHere = () => app.actors.all().some(({ sessionId }) => sessionId === agent.sessionId)
    expect((await agent.call('GET', '/me')).status).toBe(200)
    expect((await agent.call('GET', '/users')).status).toBe(403)
    await expect.poll(isHere).toBe(false)
    const client = await agent.connect()
    expect(isHere()).toBe(true)
    client.close()
    await expect.poll(isHere).toBe(false)
  })
})

it('[AZ7] a connection is not renewed by a token of a user whose role has changed', async () => {
  const { app } = fixture
  const account = await app.newAgent()
  const client = await account.connect()
  await app.db.updateTable('users').set({ role: 'admin' }).where('id', '=', account.id).execute()
  expect(await client.refused('session:renew', { token: app.renewedToken(account, 'agent') })).toBe('unauthorized')
  client.close()
})

it('[AZ8] replacing an identity secret closes the connections that depend on it before the reply', async () => {
  const { app, people } = fixture
  const site = (await people.admin.account.call('POST', '/sites', { name: 'Teas' })).body as { id: number; key: string }
  const made = await people.admin.account.call('POST', `/sites/${site.id}/identity-secret`, {})
  const { secret } = made.body as IdentitySecretReply
  const identity = jwt.sign({ sub: 'mei', aud: site.key }, secret, { expiresIn: 300 })
  const { body } = await app.call('POST', '/widget/session', { site: site.key, identity })
  const { token, customer } = body as WidgetSessionReply
  const client = await app.connect({ token })
  await people.admin.account.call('POST', `/sites/${site.id}/identity-secret`, { endFormer: true })
  expect(app.actors.all().filter(({ userId, isEnded }) => userId === customer.id && !isEnded)).toEqual([])
  expect(await client.next('connection:closing')).toEqual({ reason: 'revoked' })
})
