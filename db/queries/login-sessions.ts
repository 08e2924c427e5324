// Login sessions of agents and admins, one row per browser: hashes of the current and the previous refresh token. The
// database's clock decides what has expired.

import { sql } from 'kysely'
import type { AgentRole, LoginSession as LoginSessionView } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'

/** Sessions that are neither revoked nor expired, of users who are not disabled. */
function activeSessions(db: Database) {
  return db
    .selectFrom('login_sessions')
    .innerJoin('users', 'users.id', 'login_sessions.user_id')
    .where('login_sessions.revoked_at', 'is', null)
    .where('login_sessions.expires_at', '>', ago(0))
    .where('users.disabled_at', 'is', null)
    .where('users.role', 'in', ['agent', 'admin'])
}

/** Filters the ids of active sessions. */
export async function selectActiveLoginSessions(db: Database, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await activeSessions(db).select('login_sessions.id').where('login_sessions.id', 'in', ids).execute()
  return rows.map((row) => row.id)
}

function agentOfSession(db: Database, { userId, sessionId }: { userId: number; sessionId: number }) {
  return activeSessions(db)
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

/** The session's agent or admin; undefined if the session is revoked or the user is disabled. */
export const findAgentOfSession = (db: Database, ids: { userId: number; sessionId: number }) =>
  agentOfSession(db, ids).executeTakeFirst()

/** As findAgentOfSession, with a shared lock that prevents revocation until the commit. MariaDB lacks `for share`. */
export const lockAgentOfSession = (trx: Transaction, ids: { userId: number; sessionId: number }) =>
  agentOfSession(trx, ids).select('users.blocked_at as blockedAt').modifyEnd(sql`lock in share mode`).executeTakeFirst()

/** A user's active sessions, up to limits.pageSize, most recently used first. */
export function selectLoginSessions(db: Database, userId: number): Promise<Omit<LoginSessionView, 'isCurrent'>[]> {
  return activeSessions(db)
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
  /** The current token is younger than limits.refreshGraceMs, so its response may have been lost. */
  isInGrace: boolean
}

/** Locks a session that is neither revoked nor expired. Its user may be disabled. */
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

/** Replaces the current token and extends the session. */
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

/** Revokes all of a user's sessions, optionally except one. */
export async function revokeLoginSessions(trx: Transaction, userId: number, exceptId?: number): Promise<void> {
  await trx
    .updateTable('login_sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .where('id', '<>', exceptId ?? 0)
    .execute()
}

/** Deletes up to serverLimits.housekeepingRows expired sessions; returns how many. */
export async function deleteExpiredLoginSessions(db: Database): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('login_sessions')
    .where('expires_at', '<', ago(0))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
