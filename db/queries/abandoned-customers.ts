// Customers who never started a conversation. No index answers this, so housekeeping scans customers oldest first, in
// pages.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import type { KeysetPosition, PageOf } from '../core/keyset.ts'

/** The next page of customers older than serverLimits.abandonedCustomerMs, with or without conversations. */
export async function selectOldCustomers(db: Database, after: KeysetPosition): Promise<PageOf<number>> {
  const createdAt = sql<string>`${new Date(after.at)}`
  const rows = await db
    .selectFrom('users')
    .select(['id', 'created_at as at'])
    .where('role', '=', 'customer')
    .where('created_at', '<', ago(serverLimits.abandonedCustomerMs))
    .where((eb) =>
      eb.or([eb('created_at', '>', createdAt), eb.and([eb('created_at', '=', createdAt), eb('id', '>', after.id)])]),
    )
    .orderBy('created_at')
    .orderBy('id')
    .limit(serverLimits.housekeepingRows)
    .execute()
  return {
    items: rows.map(({ id }) => id),
    next: rows.length < serverLimits.housekeepingRows ? null : (rows.at(-1) ?? null),
  }
}

/** Deletes those customers, with their sessions, who have neither conversations nor uploads. Skips locked rows. */
export async function deleteAbandonedCustomers(trx: Transaction, ids: readonly number[]): Promise<void> {
  const candidates = await withoutReferences(trx, ids)
  if (candidates.length === 0) return
  const locked = await trx
    .selectFrom('users')
    .select('id')
    .where('id', 'in', candidates)
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .execute()
  // A conversation may have started before the lock; after it, the lock on the customer's row prevents one.
  const abandoned = await withoutReferences(
    trx,
    locked.map(({ id }) => id),
  )
  if (abandoned.length === 0) return
  await trx.deleteFrom('customer_sessions').where('user_id', 'in', abandoned).execute()
  await trx.deleteFrom('users').where('id', 'in', abandoned).execute()
}

async function withoutReferences(trx: Transaction, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const withConversations = await trx
    .selectFrom('conversations')
    .select('customer_id as id')
    .where('customer_id', 'in', ids)
    .groupBy('customer_id')
    .execute()
  const withUploads = await trx
    .selectFrom('attachments')
    .select('uploader_id as id')
    .where('uploader_id', 'in', ids)
    .groupBy('uploader_id')
    .execute()
  const referenced = new Set([...withConversations, ...withUploads].map(({ id }) => id))
  return ids.filter((id) => !referenced.has(id))
}
