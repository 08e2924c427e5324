// Customers whom their shop knows, each once a site by the shop's own id.

import { sql } from 'kysely'
import type { Transaction } from '../core/database.ts'
import { isDuplicateKey } from '../core/errors.ts'

/** What the shop calls this customer; null for an anonymous one. */
export async function findExternalId(trx: Transaction, customerId: number): Promise<string | null> {
  const row = await trx
    .selectFrom('users')
    .select('external_id')
    .where('id', '=', customerId)
    .forUpdate()
    .executeTakeFirst()
  return row?.external_id ?? null
}

/** An anonymous customer is the shop's customer from now on. False when the site has that one already. */
export async function saveExternalId(trx: Transaction, customerId: number, externalId: string): Promise<boolean> {
  try {
    await trx.updateTable('users').set({ external_id: externalId }).where('id', '=', customerId).execute()
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** The id of the one who is there, or of a new one; of two at once, one makes it. */
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
