// Whether the database answers at all.

import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Throws DatabaseUnavailable within the deadlines of connect.ts. */
export async function assertDatabaseAnswers(db: Database): Promise<void> {
  await sql`SELECT 1`.execute(db)
}
