// Identified customers: unique per site by the shop's own id.

import { sql } from 'kysely'
import type { Transaction } from '../core/database.ts'
import { isDuplicateKey } from '../core/errors.ts'

/** The shop's id of this customer; null for an anonymous one. Locks the row. */
export async function findExternalId(trx: Transaction, customerId: number): Promise<string | null> {
  const row = await trx
    .selectFrom('users')
    .select('external_id')
    .where('id', '=', customerId)
    .forUpdate()
    .executeTakeFirst()
  return row?.external_id ?? null
}

/** Identifies an anonymous customer. Returns false if the site already has a customer with this id. */
export async function saveExternalId(trx: Transaction, customerId: number, externalId: string): Promise<boolean> {
  try {
    await trx.updateTable('users').set({ external_id: externalId }).where('id', '=', customerId).execute()
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** The id of the existing or a new customer. Of two concurrent calls one inserts. */
export async function findOrInsertIdentifiedCustomer(
  trx: Transaction,
  siteId: number,
  externalId: string,
): Promise<number> {
  const { insertId } = await trx
    .insertInto('users')
    .values({ role: 'customer', site_id: siteId, external_id: externalId })
    .onDuplicateKeyUpdate({ id: sql<number>`last_insert_id(users.id)` })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}
