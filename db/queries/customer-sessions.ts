// Customers' browsers: a row each, holding the hashes of its current resume token and of the one before it, which is good until the
// current one is used. The database's clock decides what has expired.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago, later, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { displayName } from './display-name.ts'

/** Sessions of customers that have not been ended. */
function liveSessions(db: Database) {
  return db
    .selectFrom('customer_sessions')
    .innerJoin('users', 'users.id', 'customer_sessions.user_id')
    .where('customer_sessions.revoked_at', 'is', null)
    .where('customer_sessions.expires_at', '>', ago(0))
    .where('users.role', '=', 'customer')
    .where('users.site_id', 'is not', null)
}

/** Those of these sessions that have not been ended. */
export async function selectActiveCustomerSessions(db: Database, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await liveSessions(db).select('customer_sessions.id').where('customer_sessions.id', 'in', ids).execute()
  return rows.map((row) => row.id)
}

function customerOfSession(db: Database, { userId, sessionId }: { userId: number; sessionId: number }) {
  return liveSessions(db)
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

/** The customer whose session this is, unless it has been ended. */
export const findCustomerOfSession = (db: Database, ids: { userId: number; sessionId: number }) =>
  customerOfSession(db, ids).executeTakeFirst()

/** The same, which nobody ends until the transaction has ended. MariaDB has no `for share`. */
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

export interface CustomerSession {
  id: number
  customerId: number
  tokenHash: Buffer
  previousHash: Buffer | null
}

/** A session that has not ended, of a customer of this site, or of any. */
export async function lockCustomerSession(
  trx: Transaction,
  { id, siteId }: { id: number; siteId?: number },
): Promise<CustomerSession | undefined> {
  return trx
    .selectFrom('customer_sessions')
    .select(['id', 'user_id as customerId', 'token_hash as tokenHash', 'previous_hash as previousHash'])
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

/** Puts the next token in the current one's place; the session lives on from now. */
export async function rotateCustomerSession(trx: Transaction, session: CustomerSession, tokenHash: Buffer) {
  await trx
    .updateTable('customer_sessions')
    .set({
      previous_hash: session.tokenHash,
      token_hash: tokenHash,
      rotated_at: now,
      expires_at: later(limits.customerSessionMs),
    })
    .where('id', '=', session.id)
    .execute()
}

export async function revokeCustomerSession(trx: Transaction, id: number): Promise<void> {
  await trx.updateTable('customer_sessions').set({ revoked_at: now }).where('id', '=', id).execute()
}

/** Ends all of a customer's sessions but one. */
export async function revokeOtherCustomerSessions(trx: Transaction, customerId: number, exceptId: number) {
  await trx
    .updateTable('customer_sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', customerId)
    .where('revoked_at', 'is', null)
    .where('id', '<>', exceptId)
    .execute()
}

/** Ends at most serverLimits.revokedSessionsRows sessions of customers whom this site vouched for; how many. */
export async function revokeIdentifiedCustomerSessions(db: Database, siteId: number): Promise<number> {
  const { numUpdatedRows } = await db
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

/** Removes at most serverLimits.housekeepingRows sessions whose time is over; how many. */
export async function deleteExpiredCustomerSessions(db: Database): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('customer_sessions')
    .where('expires_at', '<', ago(0))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
