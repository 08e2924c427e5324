// A transaction needs few round trips to the database and is still atomic.

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { deferred } from '#db/core/pipelining.ts'
import { executeInOneRoundTrip } from '#db/core/transaction.ts'
import { recordRoundTrips } from '../support/round-trips.ts'
import { newPreparedDatabase, openDatabase } from './databases.ts'

async function newSites() {
  const { address } = await newPreparedDatabase()
  // One connection, so that a leftover of one transaction would affect the next.
  const db = openDatabase(address, { connections: 1 })
  await db.insertInto('sites').values({ site_key: 'k', name: 'Shop; of "quotes" \\ and ?', origins: '' }).execute()
  const names = async () => (await db.selectFrom('sites').select('name').execute()).map((row) => row.name)
  const rename = (name: string) => sql`${deferred}update sites set name = ${name}`
  return { db, names, rename }
}

test('[DB36] a statement without a needed result is sent with the next one, in order', async () => {
  const { db, names, rename } = await newSites()
  const seen = await recordRoundTrips(() =>
    db.transaction().execute(async (trx) => {
      const { name } = await trx.selectFrom('sites').select('name').forUpdate().executeTakeFirstOrThrow()
      await rename(`${name.length}`).execute(trx)
      await rename('once').execute(trx)
      expect(await trx.selectFrom('sites').select('name').execute()).toEqual([{ name: 'once' }])
      await rename('at last').execute(trx)
    }),
  )
  expect(seen).toEqual([
    expect.stringMatching(/^begin;select .* for update$/),
    expect.stringMatching(/^[^;]*update sites[^;]*;[^;]*update sites[^;]*;select [^;]*$/),
    expect.stringMatching(/^[^;]*update sites[^;]*;commit$/),
  ])
  expect(await names()).toEqual(['at last'])
})

test('[DB36] a deferred statement is never sent after a rollback, and a transaction without statements sends nothing', async () => {
  const { db, names, rename } = await newSites()
  const undone = db.transaction().execute(async (trx) => {
    await rename('sent').execute(trx)
    await trx.selectFrom('sites').select('id').execute()
    await rename('not sent').execute(trx)
    throw new Error('no')
  })
  await expect(undone).rejects.toThrow('no')
  expect(await names()).toEqual(['Shop; of "quotes" \\ and ?'])
  const nothing = async () => {
    await db.transaction().execute(async () => {})
    await db
      .transaction()
      .execute(() => Promise.reject(new Error('no')))
      .catch(() => {})
  }
  expect(await recordRoundTrips(nothing)).toEqual([])
})

test('[DB36] when a deferred statement fails, the transaction fails and leaves nothing', async () => {
  const { db, names, rename } = await newSites()
  const failed = db.transaction().execute(async (trx) => {
    await rename('before').execute(trx)
    await rename('x'.repeat(200)).execute(trx)
  })
  await expect(failed).rejects.toMatchObject({ errno: 1406 })
  expect(await names()).toEqual(['Shop; of "quotes" \\ and ?'])
  await db.transaction().execute(async (trx) => void (await rename('after').execute(trx)))
  expect(await names()).toEqual(['after'])
})

test('[DB38] a transaction of given statements takes one round trip and returns each result', async () => {
  const { db, names, rename } = await newSites()
  const statements = [rename('once'), sql`select name from sites`, rename('twice')].map((query) => query.compile(db))
  // Opens the connection.
  await executeInOneRoundTrip(db, [sql`select 1`.compile(db)])
  const seen = await recordRoundTrips(async () => {
    const [first, rows, last] = await executeInOneRoundTrip(db, statements)
    expect(first).toMatchObject({ affectedRows: 1 })
    expect(rows).toEqual([{ name: 'once' }])
    expect(last).toMatchObject({ affectedRows: 1 })
  })
  expect(seen).toEqual([expect.stringMatching(/^[^;]*'once';[^;]*;[^;]*'twice';commit$/)])
  expect(await names()).toEqual(['twice'])
})

test('[DB38] when one of its statements fails, it leaves nothing and its connection still works', async () => {
  const { db, names, rename } = await newSites()
  const statements = ['before', 'x'.repeat(200), 'after'].map((name) => rename(name).compile(db))
  await expect(executeInOneRoundTrip(db, statements)).rejects.toMatchObject({ errno: 1406 })
  expect(await names()).toEqual(['Shop; of "quotes" \\ and ?'])
  expect(await executeInOneRoundTrip(db, [sql`select 1 as one`.compile(db)])).toEqual([[{ one: 1 }]])
})

test('[DB37] [T14] a text of several statements is refused; semicolons inside values and quotes are data', async () => {
  const { db, names } = await newSites()
  await expect(sql.raw("select 1; update sites set name = 'pwned'").execute(db)).rejects.toThrow('not allowed')
  await expect(sql.raw("select 'a\\'; select 1").execute(db)).rejects.toThrow()
  await expect(sql.raw("update sites set name = 'a'';'; drop table messages").execute(db)).rejects.toThrow(
    'not allowed',
  )
  await expect(
    executeInOneRoundTrip(db, [sql.raw("select 1; update sites set name = 'pwned'").compile(db)]),
  ).rejects.toThrow('not allowed')
  await sql`update sites set name = ${"'; update sites set name = 'pwned'; -- "}`.execute(db)
  expect(await names()).toEqual(["'; update sites set name = 'pwned'; -- "])
  await sql.raw("update sites set name = 'a''; b'").execute(db)
  expect(await names()).toEqual(["a'; b"])
})
