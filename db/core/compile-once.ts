// Caches the compiled text of hot-path queries: Kysely needs longer to compile them than the database to execute them.

import type { CompiledQuery } from 'kysely'
import type { Database } from './database.ts'

/** `build` creates a query whose only parameter is one list, which the driver expands. */
export function compileOnce<T, R>(
  build: (db: Database, list: T[]) => CompiledQuery<R>,
): (db: Database, list: T[]) => CompiledQuery<R> {
  let compiled: CompiledQuery<R> | undefined
  return (db, list) => {
    compiled ??= build(db, list)
    return { ...compiled, parameters: [list] }
  }
}
