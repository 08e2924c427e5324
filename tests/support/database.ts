// A separate database for each test that needs one, on the run's server.

import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { inject } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import { prepareDatabase } from '#db/schema/migrate.ts'

export interface TestDatabase {
  /** The URL for connectDatabase and the setting DATABASE_URL. */
  address: { url: string }
  url: string
  drop(): Promise<void>
}

/** The URL of a database that does not exist yet; the run drops it at its end. */
export function newDatabaseUrl(): string {
  const url = new URL(inject('testDatabaseServer'))
  url.pathname += randomBytes(8).toString('hex')
  return url.href
}

/** Creates a database with Kefu's tables. Drop it in afterAll, or leave that to the end of the run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const url = newDatabaseUrl()
  await prepareDatabase({ url })
  return { address: { url }, url, drop: () => dropDatabase(url) }
}

export async function dropDatabase(url: string): Promise<void> {
  const { database, ...server } = driverOptions({ url })
  const connection = await createConnection(server)
  await connection.query('DROP DATABASE IF EXISTS ??', [database])
  await connection.end()
}
