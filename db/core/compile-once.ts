// A query of the hot paths whose text is always the same is put together once: Kysely takes longer to do that than the server to answer it.

import type { CompiledQuery } from 'kysely'
import type { Database } from './database.ts'

/** `build` makes the query with one list as its only parameter (the driver writes a list out, separated by commas). */
export function compileOnce<T, R>(
  build: (db: Database, list: T[]) => CompiledQuery<R>,
): (db: Database, list: T[]) => CompiledQuery<R> {
  let compiled: CompiledQuery<R> | undefined
  return (db, list) => {
    compiled ??= build(db, list)
    return { ...compiled, parameters: [list] }
  }
}
