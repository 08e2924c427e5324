// The installation as a whole: which one it is, and a lock for what only one may do at a time (who administers it, its first site).

import { sql } from 'kysely'
import type { Database, Transaction } from '../core/database.ts'

/** Held until the transaction ends. On the one row that every database has, since before the first admin there is none of theirs. */
export async function lockInstallationRow(trx: Transaction): Promise<void> {
  await trx.selectFrom('schema_migrations').select('name').orderBy('name').limit(1).forUpdate().execute()
}

/** What tells this installation from others: the name of its database and when its tables were made. */
export function findInstallation(db: Database): Promise<{ database: string; since: string }> {
  return db
    .selectFrom('schema_migrations')
    .select((eb) => [sql<string>`database()`.as('database'), eb.fn.min('applied_at').as('since')])
    .$narrowType<{ since: string }>()
    .executeTakeFirstOrThrow()
}
