// Customer sessions, one row per browser: hashes of the current resume token, of the previous one and of earlier ones.
// The database's clock decides what has expired.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'
import { replacedToken, type StoredTokens, type TokenHashes, tokenColumns } from './session-tokens.ts'

/** Customer sessions that are neither revoked nor expired. */
function activeSessions(db: Database) {
  return db
    .selectFrom('customer_sessions')
    .innerJoin('users', 'users.id', 'customer_sessions.user_id')
    .where('customer_sessions.revoked_at', 'is', null)
    .where('customer_sessions.expires_at', '>', ago(0))
    .where('users.role', '=', 'customer')
    .where('users.site_id', 'is not', null)
}

/** Filters the ids of active sessions. */
export async function selectActiveCustomerSessions(db: Database, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await activeSessions(db)
    .select('customer_sessions.id')
    .where('customer_sessions.id', 'in', ids)
    .execute()
  return rows.map((row) => row.id)
}

function customerOfSession(db: Database, { userId, sessionId }: { userId: number; sessionId: number }) {
  return activeSessions(db)
    .select([
      'users.id as userId',
      displayName('users').as('name'),
      'users.role',
      'users.site_id as siteId',
      'customer_sessions.id as sessionId',
    ])
    .where('customer_sessions.id', '=', sessionId)
    .where('users.id', '=', userId)
    .$narrowType<{ role: 'customer'; siteId: number }>()
}

/** The session's customer; undefined if the session is no longer active. */
export const findCustomerOfSession = (db: Database, ids: { userId: number; sessionId: number }) =>
  customerOfSession(db, ids).executeTakeFirst()

/**
 * As findCustomerOfSession, with a shared lock that prevents revocation until the commit. MariaDB lacks `for share`.
 */
export const lockCustomerOfSession = (trx: Transaction, ids: { userId: number; sessionId: number }) =>
  customerOfSession(trx, ids)
    .select('users.blocked_at as blockedAt')
    .modifyEnd(sql`lock in share mode`)
    .executeTakeFirst()

export async function insertCustomerSession(trx: Transaction, customerId: number, tokenHash: Buffer): Promise<number> {
  const { insertId } = await trx
    .insertInto('customer_sessions')
    .values({ user_id: customerId, token_hash: tokenHash, expires_at: later(limits.customerSessionMs) })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

export interface CustomerSession extends StoredTokens {
  id: number
  customerId: number
}

/** Locks an active session, optionally only of a customer of this site. */
export async function lockCustomerSession(
  trx: Transaction,
  { id, siteId }: { id: number; siteId?: number },
): Promise<CustomerSession | undefined> {
  return trx
    .selectFrom('customer_sessions')
    .select(['id', 'user_id as customerId', ...tokenColumns])
    .where('id', '=', id)
    .$if(siteId !== undefined, (query) =>
      query.where('user_id', 'in', (eb) =>
        eb
          .selectFrom('users')
          .select('users.id')
          .where('users.site_id', '=', siteId as number),
      ),
    )
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', ago(0))
    .forUpdate()
    .executeTakeFirst()
}

/** Replaces the current token and extends the session. */
export async function rotateCustomerSession(trx: Transaction, id: number, tokens: TokenHashes): Promise<void> {
  await trx
    .updateTable('customer_sessions')
    .set({ ...replacedToken(tokens), expires_at: later(limits.customerSessionMs) })
    .where('id', '=', id)
    .execute()
}

export async function revokeCustomerSession(trx: Transaction, id: number): Promise<void> {
  await trx.updateTable('customer_sessions').set({ revoked_at: now }).where('id', '=', id).execute()
}

/** Revokes all of a customer's sessions but one. */
export async function revokeOtherCustomerSessions(trx: Transaction, customerId: number, exceptId: number) {
  await trx
    .updateTable('customer_sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', customerId)
    .where('revoked_at', 'is', null)
    .where('id', '<>', exceptId)
    .execute()
}

/** Revokes up to serverLimits.revokedSessionsRows sessions of the site's identified customers; returns how many. */
export async function revokeIdentifiedCustomerSessions(trx: Transaction, siteId: number): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('customer_sessions')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
    .where('user_id', 'in', (eb) =>
      eb
        .selectFrom('users')
        .select('users.id')
        .where('users.site_id', '=', siteId)
        .where('users.external_id', 'is not', null),
    )
    .limit(serverLimits.revokedSessionsRows)
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Deletes up to serverLimits.housekeepingRows expired sessions; returns how many. */
export async function deleteExpiredCustomerSessions(trx: Transaction): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('customer_sessions')
    .where('expires_at', '<', ago(0))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
