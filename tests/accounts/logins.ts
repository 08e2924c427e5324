// Agents and admins with real passwords, created and logged in over HTTP.

import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Transaction } from '#db/core/database.ts'
import type { AgentRole, User } from '#protocol/entities.ts'
import type { LoginReply } from '#protocol/http.ts'
import { packFormerTokens, unpackFormerTokens } from '../../server/auth/rotating-token.ts'
import type { HttpReply, TestApp } from '../support/app.ts'
import { untilLockWait } from '../support/lock-waits.ts'

export const password = 'correct horse 电池'

export interface LoggedIn {
  reply: LoginReply
  cookie: string
  call(method: string, path: string, body?: unknown): Promise<HttpReply>
}

/** A new user who can log in with `password`. */
export async function newUser(app: TestApp, role: AgentRole = 'agent'): Promise<User> {
  const admin = await app.newAgent({ role: 'admin' })
  const username = `user-${randomBytes(6).toString('hex')}`
  const { status, body } = await admin.call('POST', '/users', { username, password, name: 'Mei', role })
  if (status !== 201) throw new Error(`POST /users returned ${status}`)
  await app.db.deleteFrom('login_sessions').where('user_id', '=', admin.id).execute()
  await app.db.deleteFrom('users').where('id', '=', admin.id).execute()
  return body as User
}

export async function logIn(app: TestApp, username: string, secret = password): Promise<LoggedIn> {
  const answer = await app.call('POST', '/auth/login', { username, password: secret })
  if (answer.status !== 200) throw new Error(`login returned ${answer.status}`)
  const reply = answer.body as LoginReply
  return {
    reply,
    cookie: cookieOf(answer),
    call: (method, path, body) => app.call(method, path, body, { authorization: `Bearer ${reply.token}` }),
  }
}

export const refresh = (app: TestApp, cookie: string) => app.call('POST', '/auth/refresh', undefined, { cookie })

/** The refresh cookie as a browser sends it. */
export function cookieOf({ headers }: HttpReply): string {
  const [cookie] = headers.getSetCookie()[0]?.split(';') ?? []
  if (cookie === undefined) throw new Error('no cookie was set')
  return cookie
}

export const codeOf = ({ body }: HttpReply) => (body as { error?: { code: string } } | null)?.error?.code

/** Moves the rotations of a user's sessions this far into the past. */
export async function ageRotation({ db }: Pick<TestApp, 'db'>, userId: number, ms: number): Promise<void> {
  for (const table of ['login_sessions', 'customer_sessions'] as const) {
    const sessions = await db
      .selectFrom(table)
      .select(['id', 'former_hashes as formerHashes'])
      .where('user_id', '=', userId)
      .execute()
    for (const { id, formerHashes } of sessions) {
      const former = unpackFormerTokens(formerHashes).map((each) => ({ ...each, replacedAt: each.replacedAt - ms }))
      await db
        .updateTable(table)
        .set({
          rotated_at: sql`date_sub(rotated_at, interval ${ms * 1000} microsecond)`,
          former_hashes: formerHashes && packFormerTokens(former),
        })
        .where('id', '=', id)
        .execute()
    }
  }
}

/**
 * Sends a request while a transaction that did `work` is open. Commits once the request waits for a lock or has its
 * reply.
 */
export async function requestDuringTransaction<T>(
  app: TestApp,
  work: (trx: Transaction) => Promise<unknown>,
  request: () => Promise<T>,
): Promise<T> {
  let hasReply = false
  const answer = await app.db.transaction().execute(async (trx) => {
    await work(trx)
    const response = request().finally(() => {
      hasReply = true
    })
    await untilLockWait(app.db, () => hasReply)
    return { response }
  })
  return answer.response
}
