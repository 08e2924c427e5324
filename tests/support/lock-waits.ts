// Waits until some transaction of the server waits for a row lock.

import { sql } from 'kysely'
import type { Database } from '#db/core/database.ts'

/** Resolves once a transaction waits for a lock, or once `isOver`. */
export async function untilLockWait(db: Database, isOver: () => boolean = () => false): Promise<void> {
  const isWaiting = async () => {
    const { rows } = await sql`select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'`.execute(db)
    return rows.length > 0
  }
  // The server refreshes this table only when nobody has read it for 100 ms. Until then it may show an earlier wait.
  do await new Promise((resolve) => setTimeout(resolve, 120))
  while (!isOver() && !(await isWaiting()))
}
