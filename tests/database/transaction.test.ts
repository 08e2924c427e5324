// A transaction with a conflict is retried as a whole after a rollback, so nothing counts twice or in part.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Database, Transaction } from '#db/core/database.ts'
import { DatabaseUnavailable } from '#db/core/errors.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { newPreparedDatabase, openDatabase } from './databases.ts'

/** Two users with a number in their names; each call of `add` increments one of the numbers. */
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

/** Holds a row's lock until released. */
async function holdLock(db: Database, id: number) {
  const held = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const done = db.transaction().execute(async (trx) => {
    await trx.selectFrom('users').select('id').where('id', '=', id).forUpdate().execute()
    held.resolve()
    await release.promise
  })
  await held.promise
  return async () => {
    release.resolve()
    await done
  }
}

test('[DB25] in a deadlock one of two transactions is retried, and both count once', async () => {
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

test('[DB26] after a lock timeout the whole transaction is retried, not only its last statement', async () => {
  const { db, first, second, counts } = await newCounters()
  const release = await holdLock(db, second)
  let runs = 0
  const work = inTransaction(db, async (trx) => {
    runs++
    await add(trx, first)
    await add(trx, second)
  })
  await sleep(serverLimits.databaseLockWaitSeconds * 1000 + 200)
  await release()
  await work
  expect(runs).toBe(2)
  expect(await counts()).toEqual([1, 1])
})

test('[DB27] a lock that is never released ends in DatabaseUnavailable, with nothing written', async () => {
  const { db, first, second, counts } = await newCounters()
  const release = await holdLock(db, second)
  const began = performance.now()
  const work = inTransaction(db, async (trx) => {
    await add(trx, first)
    await add(trx, second)
  })
  await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable)
  expect(performance.now() - began).toBeLessThan(
    serverLimits.databaseQueryMs + serverLimits.databaseLockWaitSeconds * 1000 + 500,
  )
  await release()
  expect(await counts()).toEqual([0, 0])
})

test('[DB28] an error thrown by the work is not retried and rolls everything back', async () => {
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

test('[DB29] forty transactions that lock in random order lose and repeat nothing', async () => {
  const { db, first, second, counts } = await newCounters()
  const all = Array.from({ length: 40 }, (_, index) =>
    inTransaction(db, async (trx) => {
      const [a, b] = index % 2 === 0 ? [first, second] : [second, first]
      await add(trx, a)
      await add(trx, b)
    }).then(
      () => 1,
      (error) => {
        // Reported as not done, so it must not be done.
        if (error instanceof DatabaseUnavailable) return 0
        throw error
      },
    ),
  )
  const done = (await Promise.all(all)).reduce<number>((sum, one) => sum + one, 0)
  expect(done).toBeGreaterThan(0)
  expect(await counts()).toEqual([done, done])
})
