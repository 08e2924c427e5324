// A transaction that meets another is run again as a whole: what it did before is undone, so nothing counts twice or half.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Database, Transaction } from '#db/core/database.ts'
import { DatabaseUnavailable } from '#db/core/errors.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { newPreparedDatabase, openDatabase } from './databases.ts'

/** Two users whose names count; each call of `add` adds one to a count. */
async function newCounters() {
  const { address } = await newPreparedDatabase()
  const db = openDatabase(address)
  await db
    .insertInto('users')
    .values([
      { role: 'agent', name: '0' },
      { role: 'agent', name: '0' },
    ])
    .execute()
  const [first = 0, second = 0] = (await db.selectFrom('users').select('id').orderBy('id').execute()).map(
    (row) => row.id,
  )
  return {
    db,
    first,
    second,
    counts: async () =>
      (await db.selectFrom('users').select('name').orderBy('id').execute()).map((row) => Number(row.name)),
  }
}

async function add(trx: Transaction, id: number) {
  const row = await trx.selectFrom('users').select('name').where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
  await trx
    .updateTable('users')
    .set({ name: `${Number(row.name) + 1}` })
    .where('id', '=', id)
    .execute()
}

/** Holds a row's lock until told to let go. */
async function holdLock(db: Database, id: number) {
  const held = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const done = db.transaction().execute(async (trx) => {
    await trx.selectFrom('users').select('id').where('id', '=', id).forUpdate().execute()
    held.resolve()
    await letGo.promise
  })
  await held.promise
  return async () => {
    letGo.resolve()
    await done
  }
}

test('[DB25] of two transactions that wait for each other one is run again, and both count once', async () => {
  const { db, first, second, counts } = await newCounters()
  let runs = 0
  let waiting = 2
  const bothHold = Promise.withResolvers<void>()
  const cross = (a: number, b: number) =>
    inTransaction(db, async (trx) => {
      runs++
      await add(trx, a)
      if (--waiting === 0) bothHold.resolve()
      await bothHold.promise
      await add(trx, b)
    })
  await Promise.all([cross(first, second), cross(second, first)])
  expect(runs).toBe(3)
  expect(await counts()).toEqual([2, 2])
})

test('[DB26] after waiting too long for a lock the whole transaction is run again, not its last statement alone', async () => {
  const { db, first, second, counts } = await newCounters()
  const letGo = await holdLock(db, second)
  let runs = 0
  const work = inTransaction(db, async (trx) => {
    runs++
    await add(trx, first)
    await add(trx, second)
  })
  await sleep(serverLimits.databaseLockWaitSeconds * 1000 + 200)
  await letGo()
  await work
  expect(runs).toBe(2)
  expect(await counts()).toEqual([1, 1])
})

test('[DB27] a lock that is never free ends in DatabaseUnavailable, with nothing written', async () => {
  const { db, first, second, counts } = await newCounters()
  const letGo = await holdLock(db, second)
  const began = performance.now()
  const work = inTransaction(db, async (trx) => {
    await add(trx, first)
    await add(trx, second)
  })
  await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable)
  expect(performance.now() - began).toBeLessThan(
    serverLimits.databaseQueryMs + serverLimits.databaseLockWaitSeconds * 1000 + 500,
  )
  await letGo()
  expect(await counts()).toEqual([0, 0])
})

test('[DB28] what the work itself throws is not tried again and undoes everything', async () => {
  const { db, first, counts } = await newCounters()
  let runs = 0
  const work = inTransaction(db, async (trx) => {
    runs++
    await add(trx, first)
    throw new RangeError('no')
  })
  await expect(work).rejects.toThrow(RangeError)
  expect(runs).toBe(1)
  expect(await counts()).toEqual([0, 0])
})

test('[DB29] forty transactions that cross at will lose and double nothing', async () => {
  const { db, first, second, counts } = await newCounters()
  const all = Array.from({ length: 40 }, (_, index) =>
    inTransaction(db, async (trx) => {
      const [a, b] = index % 2 === 0 ? [first, second] : [second, first]
      await add(trx, a)
      await add(trx, b)
    }).then(
      () => 1,
      (error) => {
        // Told as not done, and then it is not.
        if (error instanceof DatabaseUnavailable) return 0
        throw error
      },
    ),
  )
  const done = (await Promise.all(all)).reduce<number>((sum, one) => sum + one, 0)
  expect(done).toBeGreaterThan(0)
  expect(await counts()).toEqual([done, done])
})
