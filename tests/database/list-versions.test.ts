// The versions of a list follow the order of its commits, so a reader can continue where it ended.

import { expect, test } from 'vitest'
import { inTransaction } from '#db/core/transaction.ts'
import { agentList, selectChangedAgents } from '#db/queries/agents.ts'
import { selectListVersions } from '#db/queries/list-versions.ts'
import { findAccount, insertUser, saveUser, type UserChanges } from '#db/queries/users.ts'
import { newPreparedDatabase, openDatabase } from './databases.ts'

const newUser = (username: string) =>
  ({ username, passwordHash: 'none', name: username, role: 'agent', email: null }) as const

test('[DB45] a change that commits later has a higher version, however the transactions overlap', async () => {
  const { address } = await newPreparedDatabase()
  const db = openDatabase(address)
  const mayCommit = Promise.withResolvers<void>()
  const hasWritten = Promise.withResolvers<void>()
  const first = inTransaction(db, async (trx) => {
    await insertUser(trx, newUser('first'))
    hasWritten.resolve()
    await mayCommit.promise
  })
  await hasWritten.promise
  const second = inTransaction(db, (trx) => insertUser(trx, newUser('second')))
  // Nobody sees the second before the first.
  expect(await selectChangedAgents(db, 0, 10)).toEqual([])
  mayCommit.resolve()
  await Promise.all([first, second])
  const changed = await selectChangedAgents(db, 0, 10)
  expect(changed.map(({ version, agent }) => [version, agent?.name])).toEqual([
    [1, 'first'],
    [2, 'second'],
  ])
  expect(await selectListVersions(db)).toEqual(new Map([[agentList, 2]]))
})

test('[DB45] a page continues where the page before it ended, and a change moves a row to the end', async () => {
  const { address } = await newPreparedDatabase()
  const db = openDatabase(address)
  for (const name of ['a', 'b', 'c']) await inTransaction(db, (trx) => insertUser(trx, newUser(name)))
  const save = (changes: UserChanges) =>
    inTransaction(db, async (trx) => {
      const account = await findAccount(trx, 'a')
      if (account) await saveUser(trx, account, changes)
      return account?.id
    })
  const id = await save({ isDisabled: true })
  // What the list does not show leaves its version as it is.
  await save({ language: 'en', passwordHash: 'other' })
  const names = async (after: number, limit: number) =>
    (await selectChangedAgents(db, after, limit)).map(({ version, id, agent }) => [version, agent?.name ?? id])
  expect(await names(0, 1)).toEqual([[2, 'b']])
  expect(await names(2, 10)).toEqual([
    [3, 'c'],
    [4, id],
  ])
  expect(await names(4, 10)).toEqual([])
})
