// SQL expressions of the database's clock. It alone decides what has expired, so node clocks need not agree.

import { sql } from 'kysely'
import type { Database } from './database.ts'

export const now = sql<Date>`current_timestamp(3)`

// Inlined into the SQL text, so pass constants only, never user input.
const microseconds = (ms: number) => sql.lit(Math.round(ms * 1000))

/** This many milliseconds from now. */
export const later = (ms: number) => sql<Date>`date_add(current_timestamp(3), interval ${microseconds(ms)} microsecond)`

/** This many milliseconds before now. */
export const ago = (ms: number) => sql<string>`date_sub(current_timestamp(3), interval ${microseconds(ms)} microsecond)`

/** An ISO string as a DATETIME literal. For bulk inserts: the driver needs a microsecond per Date. */
export const literalTime = (iso: string): string => iso.slice(0, -1)

/** The database's time as an ISO string. */
export async function readNow(db: Database): Promise<string> {
  const row = await db.selectNoFrom(sql<string>`current_timestamp(3)`.as('time')).executeTakeFirstOrThrow()
  return row.time
}
