// Customers who came and never began a conversation. Nothing but a look at each tells who did, so they are walked through, oldest first.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import type { KeysetPosition, PageOf } from '../core/keyset.ts'

/** The next who came longer than serverLimits.abandonedCustomerMs ago, serverLimits.housekeepingRows at most, silent or not. */
export async function selectOldCustomers(db: Database, after: KeysetPosition): Promise<PageOf<number>> {
  const cameAt = sql<string>`${new Date(after.at)}`
  const rows = await db
    .selectFrom('users')
    .select(['id', 'created_at as at'])
    .where('role', '=', 'customer')
    .where('created_at', '<', ago(serverLimits.abandonedCustomerMs))
    .where((eb) =>
      eb.or([eb('created_at', '>', cameAt), eb.and([eb('created_at', '=', cameAt), eb('id', '>', after.id)])]),
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

/** Removes, with their sessions, those of these customers who never began a conversation nor uploaded anything; what others hold stays. */
export async function deleteAbandonedCustomers(trx: Transaction, ids: readonly number[]): Promise<void> {
  const found = await withoutReferences(trx, ids)
  if (found.length === 0) return
  const locked = await trx
    .selectFrom('users')
    .select('id')
    .where('id', 'in', found)
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .execute()
  // Whoever began one after that look, but before the lock, is seen now; from here on the lock on the customer's row keeps it away.
  const silent = await withoutReferences(
    trx,
    locked.map(({ id }) => id),
  )
  if (silent.length === 0) return
  await trx.deleteFrom('customer_sessions').where('user_id', 'in', silent).execute()
  await trx.deleteFrom('users').where('id', 'in', silent).execute()
}

async function withoutReferences(trx: Transaction, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  const spoken = await trx
    .selectFrom('conversations')
    .select('customer_id as id')
    .where('customer_id', 'in', ids)
    .groupBy('customer_id')
    .execute()
  const uploaded = await trx
    .selectFrom('attachments')
    .select('uploader_id as id')
    .where('uploader_id', 'in', ids)
    .groupBy('uploader_id')
    .execute()
  const known = new Set([...spoken, ...uploaded].map(({ id }) => id))
  return ids.filter((id) => !known.has(id))
}
