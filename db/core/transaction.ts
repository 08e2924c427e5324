// The one place that starts transactions. The work runs again as a whole after a conflict or a lost connection, so it must have no
// effect but in the database; what it tells others belongs after it.

import type { CompiledQuery, MysqlPool, MysqlQueryResult } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database, Transaction } from './database.ts'
import { DatabaseOverloaded, DatabaseUnavailable, errnoOf, isTransactionConflict } from './errors.ts'
import { executeBatch } from './pipelining.ts'

/**
 * Runs the work in a transaction and commits it. An ambiguous commit (the connection died in it) runs again too: writes are
 * idempotent by their unique keys. Work that is told `again` may meet its own effect of the time before. Gives up with DatabaseUnavailable after serverLimits.transactionTries, or when the time is up.
 *
 * A `shortcut` is a transaction of its own that does the same in one trip, and is tried first, once. Where it resolves with null, or the
 * database refuses it, the work is done.
 */
export async function inTransaction<T>(
  db: Database,
  work: (trx: Transaction, again: boolean) => Promise<T>,
  shortcut: () => Promise<T | null> = async () => null,
): Promise<T> {
  const giveUpAt = performance.now() + serverLimits.databaseQueryMs
  let again = false
  try {
    const done = await shortcut()
    if (done !== null) return done
  } catch (error) {
    again = error instanceof DatabaseUnavailable
    if (!again && errnoOf(error) === 0) throw error
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute((trx) => work(trx, again))
    } catch (error) {
      // A full queue is not helped by one more try.
      const lost = error instanceof DatabaseUnavailable && !(error instanceof DatabaseOverloaded)
      if (!lost && !isTransactionConflict(error)) throw error
      const pause = (lost ? 100 : 5) * 2 ** attempt * (0.5 + Math.random() / 2)
      if (attempt >= serverLimits.transactionTries || performance.now() + pause > giveUpAt) {
        throw new DatabaseUnavailable('the transaction could not be completed', { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
      again = true
    }
  }
}

const pools = new WeakMap<Database, MysqlPool>()

/**
 * Gives a database connections for what goes in one trip, with autocommit off: there each statement is in a transaction without a `begin`, and
 * messages need not wait for a connection that something slow has taken.
 */
export const setPipelinePool = (db: Database, pool: MysqlPool): void => void pools.set(db, pool)

/**
 * A transaction whose statements need nothing of each other's answers, in one trip; their results in order. Not tried again: it rejects when
 * one fails, and then nothing of it stands, or with DatabaseUnavailable, and then that is not known.
 */
export function executeInOneRoundTrip(db: Database, statements: readonly CompiledQuery[]): Promise<MysqlQueryResult[]> {
  return new Promise((resolve, reject) => {
    const pool = pools.get(db) as MysqlPool
    pool.getConnection((error, connection) => {
      if (error) return reject(error)
      try {
        executeBatch(connection, statements, (error, results) => {
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
