// Login sessions of agents and admins, one row per browser: hashes of the current refresh token, of the previous one
// and of earlier ones. The database's clock decides what has expired.

import { sql } from 'kysely'
import type { AgentRole, LoginSession as LoginSessionView } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'
import { replacedToken, type StoredTokens, type TokenHashes, tokenColumns } from './session-tokens.ts'

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

export interface LoginSession extends StoredTokens {
  id: number
  userId: number
}

/** Locks a session that is neither revoked nor expired. Its user may be disabled. */
export async function lockLoginSession(trx: Transaction, id: number): Promise<LoginSession | undefined> {
  return trx
    .selectFrom('login_sessions')
    .select(['id', 'user_id as userId', ...tokenColumns])
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ago(0))
    .forUpdate()
    .executeTakeFirst()
}

/** Replaces the current token and extends the session. */
export async function rotateLoginSession(trx: Transaction, id: number, tokens: TokenHashes): Promise<void> {
  await trx
    .updateTable('login_sessions')
    .set({ ...replacedToken(tokens), expires_at: later(limits.refreshSessionMs) })
    .where('id', '=', id)
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
export async function deleteExpiredLoginSessions(trx: Transaction): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('login_sessions')
    .where('expires_at', '<', ago(0))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
