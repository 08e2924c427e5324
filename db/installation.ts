// The installation as a whole, for what only one may do at a time: who administers it, and its first site.

import type { Transaction } from './database.ts'

/** Held until the transaction ends. On the one row that every database has, since before the first admin there is none of theirs. */
export async function lockInstallation(trx: Transaction): Promise<void> {
  await trx.selectFrom('schema_migrations').select('name').orderBy('name').limit(1).forUpdate().execute()
}
