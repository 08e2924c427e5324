// Versions of lists. Each change of a row takes the list's next version under the lock of the list's row, so a reader
// that has seen a version has seen every change up to it.

import { type RawBuilder, sql } from 'kysely'
import type { Database, Transaction } from '../core/database.ts'
import { deferred } from '../core/pipelining.ts'

/** Moves the list to its next version, in a deferred statement. Write currentVersion to the changed rows. */
export async function bumpListVersion(trx: Transaction, list: string): Promise<void> {
  await sql`${deferred}insert into list_versions (name, version) values (${list}, 1)
    on duplicate key update version = version + 1, changed_at = current_timestamp(3)`.execute(trx)
}

export const currentVersion = (list: string): RawBuilder<number> =>
  sql<number>`(select version from list_versions where name = ${list})`

/** The version of each list that has ever changed. */
export async function selectListVersions(db: Database): Promise<Map<string, number>> {
  const rows = await db.selectFrom('list_versions').select(['name', 'version']).execute()
  return new Map(rows.map(({ name, version }) => [name, version]))
}
