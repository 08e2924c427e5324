// The installation: its identity, and a lock for operations that must not run concurrently (first admin, first site).

import { sql } from 'kysely'
import type { Database, Transaction } from '../core/database.ts'

/** Locks the first migration record until the commit: the one row that exists before the first admin does. */
export async function lockInstallationRow(trx: Transaction): Promise<void> {
  await trx.selectFrom('schema_migrations').select('name').orderBy('name').limit(1).forUpdate().execute()
}

/** Identifies the installation by its database's name and the time of its first migration. */
export function findInstallation(db: Database): Promise<{ database: string; since: string }> {
  return db
    .selectFrom('schema_migrations')
    .select((eb) => [sql<string>`database()`.as('database'), eb.fn.min('applied_at').as('since')])
    .$narrowType<{ since: string }>()
    .executeTakeFirstOrThrow()
}
