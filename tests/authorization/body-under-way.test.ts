// The time between the headers of a call and the end of its body: whoever is ended, disabled or given another role in it does nothing more.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Attachment } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { boundary, filePart, formOf, storedFiles } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { recordRoundTrips } from '../support/round-trips.ts'
import { type SlowCallParts, startSlowCall } from '../support/slow-call.ts'
import { openStage, type Stage } from './fixtures.ts'
import { overHttp, type Row, readTable } from './permissions.ts'
import { askOverHttp, type Subject } from './sample-requests.ts'

let stage: Stage
let admin: TestAccount
beforeAll(async () => {
  stage = await openStage()
  admin = await stage.app.newAgent({ role: 'admin' })
})
afterAll(() => stage.app.stop())

const password = 'correct horse 电池'
const asForm = `multipart/form-data; boundary=${boundary}`

/** Until the server has read who sends these headers. */
const isRead = ({ actors }: TestApp, { sessionId }: TestAccount) =>
  expect.poll(() => actors.all().some((actor) => actor.sessionId === sessionId), { interval: 5 }).toBe(true)

interface Ending {
  name: string
  /** Of whom it can be done. */
  of: 'everyone' | 'agents'
  end(account: TestAccount): Promise<unknown>
}

const endings: Ending[] = [
  {
    name: 'is disabled',
    of: 'agents',
    end: ({ id }) => admin.call('PATCH', `/users/${id}`, { isDisabled: true }),
  },
  {
    name: 'gets another role',
    of: 'agents',
    end: async ({ id }) => {
      const [{ role } = { role: '' }] = await stage.app.db
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
    name: 'is ended by nobody that this node heard of',
    of: 'everyone',
    end: (account) => endInDatabase(account),
  },
]

/** As a command or a node without a bus does. */
async function endInDatabase({ id, sessionId }: TestAccount) {
  for (const table of ['login_sessions', 'customer_sessions'] as const) {
    await stage.app.db
      .updateTable(table)
      .set({ revoked_at: new Date() })
      .where('id', '=', sessionId)
      .where('user_id', '=', id)
      .execute()
  }
}

/** Calls with a body that are for somebody, one for each role that may. */
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
  if (column === 'owner') return stage.app.newSession(customerId, 'customer')
  const account = await stage.app.newAgent({ role: column === 'admin' ? 'admin' : 'agent' })
  return account
}

async function begin({ row, column }: ReturnType<typeof calls>[number]) {
  const [subject] = await stage.newSubjects(1, row.state)
  if (subject === undefined) throw new Error('no subject')
  const account = await newAccount(column, subject.customerId)
  if (column === 'holder' && row.state !== 'open') {
    const own = stage.app.db.updateTable('conversations').set({ agent_id: account.id })
    await own.where('id', '=', subject.conversationId).execute()
  }
  const { method, path, content } = askOverHttp(row.name, subject)
  if (content === undefined) throw new Error(`${row.name} has no body in asks.ts`)
  const parts: SlowCallParts = { method, path, token: account.token, type: content.type, body: content.body }
  const call = startSlowCall(stage.app.url, parts)
  await isRead(stage.app, account)
  return { account, call }
}

describe('while a body is under way', () => {
  it('[AZ2] is tried for each call with a body that is for somebody', () => {
    const tried = new Set(calls().map(({ row }) => row.name))
    const all = readTable(overHttp, 2).filter(
      ({ name, outcomes }) => /^(POST|PATCH|PUT) /.test(name) && isForSomebody(outcomes),
    )
    expect([...tried].sort()).toEqual([...new Set(all.map(({ name }) => name))].sort())
    expect(tried.size).toBeGreaterThan(6)
  })

  it.each(endings)(
    '[AZ1] [AZ2] [AZ3] [T04] [T07] whoever $name is refused, and nothing is written',
    async ({ of, end }) => {
      for (const one of calls()) {
        if (one.column === 'owner' && of === 'agents') continue
        const { account, call } = await begin(one)
        await end(account)
        const before = await stage.rows()
        const answer = await call.finish()
        expect(answer.code, `${one.row.name} by ${one.column}`).toBe('unauthorized')
        expect(await stage.rows(), `${one.row.name} by ${one.column}`).toEqual(before)
      }
    },
  )

  it('[AZ1] [T07] whose role is another in the database is forbidden what was for the one before', async () => {
    for (const one of calls().filter(({ column, row }) => column === 'admin' && row.outcomes.holder === 'forbidden')) {
      const { account, call } = await begin(one)
      await stage.app.db.updateTable('users').set({ role: 'agent' }).where('id', '=', account.id).execute()
      const before = await stage.rows()
      expect((await call.finish()).code, one.row.name).toBe('forbidden')
      expect(await stage.rows(), one.row.name).toEqual(before)
    }
  })

  it('[AZ1] [S5] a disabled admin neither makes an admin nor enables himself', async () => {
    const bad = await stage.app.newAgent({ role: 'admin' })
    const call = (method: string, path: string, body: object) =>
      startSlowCall(stage.app.url, {
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
      .poll(() => stage.app.actors.all().filter(({ sessionId }) => sessionId === bad.sessionId).length)
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

  it('[AZ1] [AZ2] is refused by the node that has the body, too, where another node ended the session', async () => {
    const { app } = stage
    const other = await startTestApp({ restartOf: app })
    const byOther = (path: string, body: object) =>
      other.call('PATCH', path, body, { authorization: `Bearer ${admin.token}` })
    const agent = await app.newAgent({ role: 'admin' })
    const [subject] = await stage.newSubjects(1, 'pending')
    const calls = ['POST /api/v1/conversations/:id/messages', 'POST /api/v1/users'].map((name) => {
      const { method, path, content } = askOverHttp(name, subject as Subject)
      const body = content?.body ?? ''
      return startSlowCall(app.url, { method, path, token: agent.token, type: 'application/json', body })
    })
    await isRead(app, agent)
    expect((await byOther(`/users/${agent.id}`, { isDisabled: true })).status).toBe(200)
    for (const call of calls) expect((await call.finish()).code).toBe('unauthorized')
    await other.stop()
  })

  it('[AZ3] an upload of whoever is blocked or ended leaves neither row nor file', async () => {
    const { app } = stage
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
      // It comes in, so everything was asked that is asked before the body.
      await expect.poll(async () => (await storedFiles(app)).length).toBe(files.length + 1)
      const code = await end(customer)
      expect((await call.finish()).code).toBe(code)
      const rows = app.db.selectFrom('attachments').selectAll().where('uploader_id', '=', customer.id)
      expect(await rows.execute()).toEqual([] as Attachment[])
      expect(await storedFiles(app)).toEqual(files)
    }
  })

  it('[AT10] an upload of a blocked customer is refused before its body', async () => {
    const { app } = stage
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

  it('[AZ2] a call that came whole reads its caller once', async () => {
    const { app, people } = stage
    const [subject] = await stage.newSubjects(1, 'pending')
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

it('[AZ2] a token that ends while the body is under way is no token at its end', async () => {
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
