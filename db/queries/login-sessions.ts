// Logins of agents and admins: a row a browser, holding the hashes of its current refresh token and of the one before it. The
// database's clock decides what has expired.

import { sql } from 'kysely'
import type { AgentRole, LoginSession as LoginSessionView } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'

/** Sessions of agents and admins of which neither has been ended. */
function liveSessions(db: Database) {
  return db
    .selectFrom('login_sessions')
    .innerJoin('users', 'users.id', 'login_sessions.user_id')
    .where('login_sessions.revoked_at', 'is', null)
    .where('login_sessions.expires_at', '>', ago(0))
    .where('users.disabled_at', 'is', null)
    .where('users.role', 'in', ['agent', 'admin'])
}

/** Those of these sessions that have not been ended. */
export async function selectActiveLoginSessions(db: Database, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await liveSessions(db).select('login_sessions.id').where('login_sessions.id', 'in', ids).execute()
  return rows.map((row) => row.id)
}

function agentOfSession(db: Database, { userId, sessionId }: { userId: number; sessionId: number }) {
  return liveSessions(db)
    .select([
      'users.id as userId',
      displayName('users').as('name'),
      'users.role',
      'users.username',
      'login_sessions.id as sessionId',
    ])
    .where('login_sessions.id', '=', sessionId)
    .where('users.id', '=', userId)
    .$narrowType<{ role: AgentRole; username: string }>()
}

/** The agent or admin whose session this is, unless either has been ended. */
export const findAgentOfSession = (db: Database, ids: { userId: number; sessionId: number }) =>
  agentOfSession(db, ids).executeTakeFirst()

/** The same, whom nobody ends until the transaction has ended. MariaDB has no `for share`. */
export const lockAgentOfSession = (trx: Transaction, ids: { userId: number; sessionId: number }) =>
  agentOfSession(trx, ids).select('users.blocked_at as blockedAt').modifyEnd(sql`lock in share mode`).executeTakeFirst()

/** A user's sessions that have not ended, at most limits.pageSize, the one used last first. */
export function selectLoginSessions(db: Database, userId: number): Promise<Omit<LoginSessionView, 'isCurrent'>[]> {
  return liveSessions(db)
    .select([
      'login_sessions.id',
      'login_sessions.user_agent as userAgent',
      'login_sessions.created_at as createdAt',
      'login_sessions.rotated_at as lastSeen',
    ])
    .where('users.id', '=', userId)
    .orderBy('login_sessions.rotated_at', 'desc')
    .orderBy('login_sessions.id', 'desc')
    .limit(limits.pageSize)
    .execute()
}

export async function insertLoginSession(
  trx: Transaction,
  userId: number,
  { tokenHash, userAgent }: { tokenHash: Buffer; userAgent: string | null },
): Promise<number> {
  const { insertId } = await trx
    .insertInto('login_sessions')
    .values({
      user_id: userId,
      user_agent: userAgent,
      token_hash: tokenHash,
      expires_at: later(limits.refreshSessionMs),
    })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

export interface LoginSession {
  id: number
  userId: number
  tokenHash: Buffer
  previousHash: Buffer | null
  /** The current token is so new that the answer which brought it may have been lost. */
  isInGrace: boolean
}

/** A session that has not ended; its user may have been disabled. */
export async function lockLoginSession(trx: Transaction, id: number): Promise<LoginSession | undefined> {
  const row = await trx
    .selectFrom('login_sessions')
    .select((eb) => [
      'id',
      'user_id as userId',
      'token_hash as tokenHash',
      'previous_hash as previousHash',
      eb('rotated_at', '>', ago(limits.refreshGraceMs)).as('isInGrace'),
    ])
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ago(0))
    .forUpdate()
    .executeTakeFirst()
  return row && { ...row, isInGrace: Boolean(row.isInGrace) }
}

/** Puts the next token in the current one's place; the session lives on from now. */
export async function rotateLoginSession(trx: Transaction, session: LoginSession, tokenHash: Buffer): Promise<void> {
  await trx
    .updateTable('login_sessions')
    .set({
      previous_hash: session.tokenHash,
      token_hash: tokenHash,
      rotated_at: now,
      expires_at: later(limits.refreshSessionMs),
    })
    .where('id', '=', session.id)
    .execute()
}

export async function revokeLoginSession(trx: Transaction, id: number): Promise<void> {
  await trx.updateTable('login_sessions').set({ revoked_at: now }).where('id', '=', id).execute()
}

/** Ends all of a user's sessions, but for one that may stay. */
export async function revokeLoginSessions(trx: Transaction, userId: number, exceptId?: number): Promise<void> {
  await trx
    .updateTable('login_sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('id', '<>', exceptId ?? 0)
    .execute()
}

/** Removes at most serverLimits.housekeepingRows sessions whose time is over; how many. */
export async function deleteExpiredLoginSessions(db: Database): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('login_sessions')
    .where('expires_at', '<', ago(0))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
