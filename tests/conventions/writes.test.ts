// A statement outside of a transaction is not retried after a deadlock. Query functions that write ask for a
// Transaction, which only inTransaction makes.

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const writes = /\.(insertInto|updateTable|deleteFrom|replaceInto)\(|sql`[^`]*\b(update|insert into|delete from)\s/

/** A statement for executeInOneRoundTrip, which falls back to a transaction. */
const optimistic = ['insertion']

/** The top-level declarations of a file that write, with their source. */
function findWriters(source: string): [name: string, declaration: string][] {
  return source.split(/\n(?=(?:export )?(?:async )?(?:function|const) )/).flatMap((declaration) => {
    const name = /^(?:export )?(?:async )?(?:function|const) (\w+)/.exec(declaration)?.[1]
    return name !== undefined && writes.test(declaration) ? [[name, declaration] as [string, string]] : []
  })
}

it('[DB51] O11 every query function that writes takes a Transaction', () => {
  const root = new URL('../../', import.meta.url).pathname
  const writers = globSync('db/queries/*.ts', { cwd: root }).flatMap((file) =>
    findWriters(readFileSync(`${root}${file}`, 'utf8')),
  )
  expect(writers.length).toBeGreaterThan(30)
  const outside = writers.filter(([name, text]) => !optimistic.includes(name) && !text.includes('trx: Transaction'))
  expect(outside.map(([name]) => name)).toEqual([])
  expect(findWriters("export const save = (db: Database) => db.deleteFrom('users').execute()")).toHaveLength(1)
})
