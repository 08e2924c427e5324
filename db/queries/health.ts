// Health checks of the database.

import { sql } from 'kysely'
import type { Database } from '../core/database.ts'

/** Throws DatabaseUnavailable within the deadlines of connect.ts. */
export async function assertDatabaseAnswers(db: Database): Promise<void> {
  await sql`SELECT 1`.execute(db)
}

/** The server's max_connections. */
export async function countConnectionsAllowed(db: Database): Promise<number> {
  const { rows } = await sql<{ allowed: number }>`SELECT @@max_connections AS allowed`.execute(db)
  return rows[0]?.allowed ?? 0
}
