// The database's clock as SQL expressions: it decides what has expired, so that nodes need not agree on the time.

import { sql } from 'kysely'
import type { Database } from './database.ts'

export const now = sql<Date>`current_timestamp(3)`

// Part of the text: limits, never what anybody sent.
const microseconds = (ms: number) => sql.lit(Math.round(ms * 1000))

/** This many milliseconds from now. */
export const later = (ms: number) => sql<Date>`date_add(current_timestamp(3), interval ${microseconds(ms)} microsecond)`

/** This many milliseconds before now. */
export const ago = (ms: number) => sql<string>`date_sub(current_timestamp(3), interval ${microseconds(ms)} microsecond)`

/** An ISO string as the database takes it, where many are written: a Date costs the driver a microsecond each. */
export const literalTime = (iso: string): string => iso.slice(0, -1)

/** The database's time as an ISO string. */
export async function readNow(db: Database): Promise<string> {
  const row = await db.selectNoFrom(sql<string>`current_timestamp(3)`.as('time')).executeTakeFirstOrThrow()
  return row.time
}
