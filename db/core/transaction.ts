// The only module that starts transactions. It retries the whole work after a conflict or a lost connection, so the
// work must have no effects outside the database: publish after it.

import type { CompiledQuery, MysqlPool, MysqlQueryResult } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Database, Transaction } from './database.ts'
import { DatabaseOverloaded, DatabaseUnavailable, isTransactionConflict } from './errors.ts'
import { executeBatch, type PipelinedConnection } from './pipelining.ts'

/**
 * Runs the work in a transaction and commits it. It also retries an ambiguous commit, since unique keys make writes
 * idempotent; a retry (`isRetry`) may find its own earlier effect. The first try is one if the caller says so. Throws
 * DatabaseUnavailable after serverLimits.transactionTries or databaseQueryMs.
 */
export async function inTransaction<T>(
  db: Database,
  work: (trx: Transaction, isRetry: boolean) => Promise<T>,
  isRetry = false,
): Promise<T> {
  const deadline = performance.now() + serverLimits.databaseQueryMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute((trx) => work(trx, isRetry || attempt > 1))
    } catch (error) {
      // Retrying would only add to a full queue.
      const lost = error instanceof DatabaseUnavailable && !(error instanceof DatabaseOverloaded)
      if (!lost && !isTransactionConflict(error)) throw error
      const pause = (lost ? 100 : 5) * 2 ** attempt * (0.5 + Math.random() / 2)
      if (attempt >= serverLimits.transactionTries || performance.now() + pause > deadline) {
        throw new DatabaseUnavailable('transaction failed after all retries', { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

const pools = new WeakMap<Database, MysqlPool>()

/**
 * Registers the pool for executeInOneRoundTrip. Its connections have autocommit off, so no `begin` is needed, and
 * messages do not wait for connections that slow queries hold.
 */
export const setPipelinePool = (db: Database, pool: MysqlPool): void => void pools.set(db, pool)

type Statements = readonly CompiledQuery[]

/**
 * Executes a transaction of independent statements in one round trip and returns their results in order. It does not
 * retry. After DatabaseUnavailable the outcome is unknown; after any other error the transaction is rolled back.
 *
 * A function runs once a connection is there, and executes nothing if it returns null: until then, what it decides on
 * may have become that of another server.
 */
export function executeInOneRoundTrip(db: Database, statements: Statements): Promise<MysqlQueryResult[]>
export function executeInOneRoundTrip(db: Database, plan: () => Statements | null): Promise<MysqlQueryResult[] | null>
export function executeInOneRoundTrip(
  db: Database,
  plan: Statements | (() => Statements | null),
): Promise<MysqlQueryResult[] | null> {
  return new Promise((resolve, reject) => {
    const pool = pools.get(db) as MysqlPool
    pool.getConnection((error, connection) => {
      if (error) return reject(error)
      try {
        const statements = typeof plan === 'function' ? plan() : plan
        if (statements === null) {
          connection.release()
          return resolve(null)
        }
        executeBatch(connection as PipelinedConnection, statements, (error, results) => {
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
