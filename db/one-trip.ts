// Transactions that make one trip to the database, on connections of their own: there each statement is in a transaction without a `begin`, and
// messages need not wait for a connection that something slow has taken.

import type { CompiledQuery, MysqlPool, MysqlQueryResult } from 'kysely'
import type { Database } from './database.ts'
import { inOnePacket } from './packets.ts'

const pools = new WeakMap<Database, MysqlPool>()

/** Gives a database its connections for that, which have autocommit off. */
export const giveTrips = (db: Database, pool: MysqlPool): void => void pools.set(db, pool)

/**
 * A transaction whose statements need nothing of each other's answers; their results in order. Not tried again: it rejects when one fails, and
 * then nothing of it stands, or with DatabaseUnavailable, and then that is not known.
 */
export function inOneTrip(db: Database, statements: readonly CompiledQuery[]): Promise<MysqlQueryResult[]> {
  return new Promise((resolve, reject) => {
    const pool = pools.get(db) as MysqlPool
    pool.getConnection((error, connection) => {
      if (error) return reject(error)
      try {
        inOnePacket(connection, statements, (error, results) => {
          connection.release()
          if (error) reject(error)
          else resolve(results)
        })
      } catch (error) {
        connection.release()
        reject(error)
      }
    })
  })
}
