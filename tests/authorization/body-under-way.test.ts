// The time between the headers of a request and the end of its body. Whoever loses their session or role in between
// gets nothing done.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Attachment } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { boundary, filePart, formOf, storedFiles } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'
import { type SlowCallParts, startSlowCall } from '../support/slow-call.ts'
import { createMatrixFixture, type MatrixFixture } from './fixtures.ts'
import { overHttp, type Row, readTable } from './permissions.ts'
import { httpRequestOf, type Subject } from './sample-requests.ts'

let fixture: MatrixFixture
let admin: TestAccount
beforeAll(async () => {
  fixture = await createMatrixFixture()
  admin = await fixture.app.newAgent({ role: 'admin' })
})
afterAll(() => fixture.app.stop())

const password = 'correct horse 电池'
const asForm = `multipart/form-data; boundary=${boundary}`

/** True once the server has read the session of these headers. */
const isRead = ({ actors }: TestApp, { sessionId }: TestAccount) =>
  expect.poll(() => actors.all().some((actor) => actor.sessionId === sessionId), { interval: 5 }).toBe(true)

interface Revocation {
  name: string
  /** Whom it applies to. */
  of: 'everyone' | 'agents'
  end(account: TestAccount): Promise<unknown>
}

const revocations: Revocation[] = [
  {
    name: 'is disabled',
    of: 'agents',
    end: ({ id }) => admin.call('PATCH', `/users/${id}`, { isDisabled: true, release: true }),
  },
  {
    name: 'gets another role',
    of: 'agents',
    end: async ({ id }) => {
      const [{ role } = { role: '' }] = await fixture.app.db
        .selectFrom('users')
        .select('role')
        .where('id', '=', id)
        .execute()
      return admin.call('PATCH', `/users/${id}`, { role: role === 'admin' ? 'agent' : 'admin' })
    },
  },
  {
    name: 'gets another password from an admin',
    of: 'agents',
    end: ({ id }) => admin.call('PATCH', `/users/${id}`, { password }),
  },
  {
    name: 'has a session that ended without an event to this node',
    of: 'everyone',
    end: (account) => endInDatabase(account),
  },
]

/** As a command does, or a node without a bus. */
async function endInDatabase({ id, sessionId }: TestAccount) {
  for (const table of ['login_sessions', 'customer_sessions'] as const) {
    await fixture.app.db
      .updateTable(table)
      .set({ revoked_at: new Date() })
      .where('id', '=', sessionId)
      .where('user_id', '=', id)
      .execute()
  }
}

/** Routes that need an actor and take a body, one for each permitted role. */
function calls(): { row: Row; column: 'owner' | 'holder' | 'admin' }[] {
  return readTable(overHttp, 2)
    .filter(
      ({ name, state, outcomes }) => /^(POST|PATCH|PUT) /.test(name) && isForSomebody(outcomes) && state !== 'closed',
    )
    .flatMap((row) =>
      (['owner', 'holder', 'admin'] as const)
        .filter((column) => row.outcomes[column] === 'ok')
        .map((column) => ({ row, column })),
    )
}

const isForSomebody = (outcomes: Row['outcomes']) => outcomes.nobody === 'unauthorized' && outcomes.admin === 'ok'

async function newAccount(column: 'owner' | 'holder' | 'admin', customerId: number): Promise<TestAccount> {
  if (column === 'owner') return fixture.app.newSession(customerId, 'customer')
  const account = await fixture.app.newAgent({ role: column === 'admin' ? 'admin' : 'agent' })
  return account
}

async function begin({ row, column }: ReturnType<typeof calls>[number]) {
  const [subject] = await fixture.newSubjects(1, row.state)
  if (subject === undefined) throw new Error('no subject')
  const account = await newAccount(column, subject.customerId)
  if (column === 'holder' && row.state !== 'open') {
    const own = fixture.app.db.updateTable('conversations').set({ agent_id: account.id })
    await own.where('id', '=', subject.conversationId).execute()
  }
  const { method, path, content } = httpRequestOf(row.name, subject)
  if (content === undefined) throw new Error(`${row.name} has no body in asks.ts`)
  const parts: SlowCallParts = { method, path, token: account.token, type: content.type, body: content.body }
  const call = startSlowCall(fixture.app.url, parts)
  await isRead(fixture.app, account)
  return { account, call }
}

describe('while a request body is on its way', () => {
  it('[AZ2] the tests cover every route that needs an actor and takes a body', () => {
    const tried = new Set(calls().map(({ row }) => row.name))
    const all = readTable(overHttp, 2).filter(
      ({ name, outcomes }) => /^(POST|PATCH|PUT) /.test(name) && isForSomebody(outcomes),
    )
    expect([...tried].sort()).toEqual([...new Set(all.map(({ name }) => name))].sort())
    expect(tried.size).toBeGreaterThan(6)
  })

  it.each(revocations)(
    '[AZ1] [AZ2] [AZ3] [T04] [T07] an actor who $name is refused, and nothing is written',
    async ({ of, end }) => {
      for (const one of calls()) {
        if (one.column === 'owner' && of === 'agents') continue
        const { account, call } = await begin(one)
        await end(account)
        const before = await fixture.rows()
        const answer = await call.finish()
        expect(answer.code, `${one.row.name} by ${one.column}`).toBe('unauthorized')
        expect(await fixture.rows(), `${one.row.name} by ${one.column}`).toEqual(before)
      }
    },
  )

  it('[AZ1] [T07] a role change in the database applies to the request', async () => {
    for (const one of calls().filter(({ column, row }) => column === 'admin' && row.outcomes.holder === 'forbidden')) {
      const { account, call } = await begin(one)
      await fixture.app.db.updateTable('users').set({ role: 'agent' }).where('id', '=', account.id).execute()
      const before = await fixture.rows()
      expect((await call.finish()).code, one.row.name).toBe('forbidden')
      expect(await fixture.rows(), one.row.name).toEqual(before)
    }
  })

  it('[AZ1] [S5] a disabled admin can neither create an admin nor enable their own account', async () => {
    const bad = await fixture.app.newAgent({ role: 'admin' })
    const call = (method: string, path: string, body: object) =>
      startSlowCall(fixture.app.url, {
        method,
        path: `/api/v1${path}`,
        token: bad.token,
        type: 'application/json',
        body: JSON.stringify(body),
      })
    const slow = [
      call('POST', '/users', { username: 'hidden', password, name: 'Hidden', role: 'admin' }),
      call('PATCH', `/users/${bad.id}`, { isDisabled: false }),
      call('PATCH', `/users/${admin.id}`, { role: 'agent' }),
    ]
    await expect
      .poll(() => fixture.app.actors.all().filter(({ sessionId }) => sessionId === bad.sessionId).length)
      .toBe(slow.length)
    expect((await admin.call('PATCH', `/users/${bad.id}`, { isDisabled: true })).status).toBe(200)
    for (const one of slow) expect((await one.finish()).code).toBe('unauthorized')
    const { users } = (await admin.call('GET', '/users')).body as {
      users: { id: number; username: string; role: string; isDisabled: boolean }[]
    }
    expect(users.find(({ id }) => id === bad.id)?.isDisabled).toBe(true)
    expect(users.find(({ id }) => id === admin.id)?.role).toBe('admin')
    expect(users.map(({ username }) => username)).not.toContain('hidden')
  })

  it('[AZ1] [AZ2] a session that another node ended is refused by the node with the request', async () => {
    const { app } = fixture
    const other = await startTestApp({ restartOf: app })
    const byOther = (path: string, body: object) =>
      other.call('PATCH', path, body, { authorization: `Bearer ${admin.token}` })
    const agent = await app.newAgent({ role: 'admin' })
    const [subject] = await fixture.newSubjects(1, 'pending')
    const calls = ['POST /api/v1/conversations/:id/messages', 'POST /api/v1/users'].map((name) => {
      const { method, path, content } = httpRequestOf(name, subject as Subject)
      const body = content?.body ?? ''
      return startSlowCall(app.url, { method, path, token: agent.token, type: 'application/json', body })
    })
    await isRead(app, agent)
    expect((await byOther(`/users/${agent.id}`, { isDisabled: true, release: true })).status).toBe(200)
    for (const call of calls) expect((await call.finish()).code).toBe('unauthorized')
    await other.stop()
  })

  it('[AZ3] an upload of a blocked customer or an ended session leaves neither a row nor a file', async () => {
    const { app } = fixture
    const files = await storedFiles(app)
    for (const end of [
      async (account: TestAccount) => {
        await app.db.updateTable('users').set({ blocked_at: new Date() }).where('id', '=', account.id).execute()
        return 'forbidden'
      },
      async (account: TestAccount) => {
        await endInDatabase(account)
        return 'unauthorized'
      },
    ]) {
      const customer = await app.newCustomer()
      const body = formOf(filePart('some text', 'note.txt'))
      const parts = { method: 'POST', path: '/api/v1/attachments', token: customer.token, type: asForm, body }
      const call = startSlowCall(app.url, { ...parts, first: body.length - 10 })
      // The body is arriving, so every check before the body has passed.
      await expect.poll(async () => (await storedFiles(app)).length).toBe(files.length + 1)
      const code = await end(customer)
      expect((await call.finish()).code).toBe(code)
      const rows = app.db.selectFrom('attachments').selectAll().where('uploader_id', '=', customer.id)
      expect(await rows.execute()).toEqual([] as Attachment[])
      expect(await storedFiles(app)).toEqual(files)
    }
  })

  it('[AT10] an upload of a blocked customer is refused before its body', async () => {
    const { app } = fixture
    const customer = await app.newCustomer()
    await app.db.updateTable('users').set({ blocked_at: new Date() }).where('id', '=', customer.id).execute()
    const body = formOf(filePart('some text', 'note.txt'))
    const parts = { method: 'POST', path: '/api/v1/attachments', token: customer.token, type: asForm, body }
    const call = startSlowCall(app.url, parts)
    let code: string | undefined
    void call.answered.then((answer) => {
      code = answer.code
    })
    await expect.poll(() => code, { timeout: 5_000 }).toBe('forbidden')
    call.drop()
  })

  it('[AZ2] a request that arrives complete reads its actor once', async () => {
    const { app, people } = fixture
    const [subject] = await fixture.newSubjects(1, 'pending')
    const trips = await recordRoundTrips(() =>
      people.admin.account.call('POST', `/conversations/${subject?.conversationId}/messages`, {
        clientMessageId: 'whole',
        content: 'hello',
      }),
    )
    expect(trips.filter((sql) => sql.includes('login_sessions'))).toHaveLength(1)
    expect(app.actors.all().filter(({ userId }) => userId === people.admin.account.id)).toHaveLength(1)
  })
})

it('[AZ2] a token that expires during the body is refused at its end', async () => {
  const time = { ahead: 0 }
  const app = await startTestApp({ now: () => Date.now() + time.ahead })
  const agent = await app.newAgent({ role: 'admin' })
  const call = startSlowCall(app.url, {
    method: 'POST',
    path: '/api/v1/sites',
    token: agent.token,
    type: 'application/json',
    body: '{"name":"Teas"}',
  })
  await isRead(app, agent)
  time.ahead = limits.accessTokenMs + 1_000
  expect((await call.finish()).code).toBe('unauthorized')
  await app.stop()
})
