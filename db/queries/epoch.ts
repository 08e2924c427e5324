// The epoch of the database: one history of commits. Rows of two epochs must not be compared by seq or version.

import { sql } from 'kysely'
import type { Database, Transaction } from '../core/database.ts'

export interface EpochRow {
  epoch: string
  /** The server that the epoch began on; '' if unknown. */
  server: string
}

export function findEpoch(db: Database): Promise<EpochRow | undefined> {
  return db.selectFrom('database_epoch').select(['epoch', 'server']).where('id', '=', 1).executeTakeFirst()
}

/** Begins `next` unless another node has replaced `current` already. `current` is null where there is none yet. */
export async function replaceEpoch(trx: Transaction, current: string | null, next: EpochRow): Promise<void> {
  const { epoch, server } = next
  // Each assignment sees those before it, so the epoch comes last.
  await sql`insert into database_epoch (id, epoch, server) values (1, ${epoch}, ${server})
    on duplicate key update
      server = if(epoch = ${current}, ${server}, server),
      started_at = if(epoch = ${current}, current_timestamp(3), started_at),
      epoch = if(epoch = ${current}, ${epoch}, epoch)`.execute(trx)
}
