// What goes into the database comes out of it: times to the millisecond, every character, booleans.

import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { DatabaseUnavailable, isDuplicateKey } from '#db/core/errors.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { newPreparedDatabase, openDatabase } from './databases.ts'

async function newConversation() {
  const { address } = await newPreparedDatabase()
  const db = openDatabase(address)
  const idOf = (row: { insertId?: bigint | undefined }) => Number(row.insertId)
  const site = { site_key: 'k', name: 'Shop', origins: '' }
  const siteId = idOf(await db.insertInto('sites').values(site).executeTakeFirstOrThrow())
  const userId = idOf(await db.insertInto('users').values({ role: 'customer' }).executeTakeFirstOrThrow())
  const row = { customer_id: userId, site_id: siteId }
  const conversationId = idOf(await db.insertInto('conversations').values(row).executeTakeFirstOrThrow())
  let seq = 0
  const message = (content: string, more: { created_at?: Date; is_read?: boolean } = {}) => {
    seq++
    return {
      conversation_id: conversationId,
      sender_id: userId,
      seq,
      version: seq,
      client_message_id: `c${seq}`,
      content,
      ...more,
    }
  }
  return { db, conversationId, message }
}

test('[DB18] a time comes back to the millisecond, as an ISO string in UTC', async () => {
  const { db, message } = await newConversation()
  const times = [
    '2024-02-29T23:59:59.999Z',
    '2024-03-31T01:30:00.000Z',
    '2026-01-01T00:00:00.001Z',
    '2026-10-25T00:30:00.010Z',
    '1999-12-31T23:59:59.990Z',
  ]
  await db
    .insertInto('messages')
    .values(times.map((time) => message('x', { created_at: new Date(time) })))
    .execute()
  const rows = await db.selectFrom('messages').select('created_at').orderBy('seq').execute()
  expect(rows.map((row) => row.created_at)).toEqual(times)
})

test("[DB18] the database's clock is told in the same form, in UTC", async () => {
  const { db, message } = await newConversation()
  const before = Date.now()
  await db.insertInto('messages').values(message('x')).execute()
  const { created_at, now } = await db
    .selectFrom('messages')
    .select(['created_at', sql<string>`current_timestamp(3)`.as('now')])
    .executeTakeFirstOrThrow()
  for (const time of [created_at, now]) {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(Math.abs(Date.parse(time) - before)).toBeLessThan(10_000)
  }
})

test('[DB19] every character comes back as it was sent', async () => {
  const { db, message } = await newConversation()
  const texts = [
    '您好,我想咨询产品问题',
    '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇨🇳',
    'é e\u0301 \u200d\u200e\u202e ﷽ 𠮷野家 𒀱',
    `' " \\ \` % _ \t\r\n ; -- # /* */ \\' \\0 ?`,
    ' spaces around ',
    '\u{10ffff}\u0001\ufeff',
    '字'.repeat(limits.contentLength),
    '😀'.repeat(limits.contentLength),
  ]
  await db
    .insertInto('messages')
    .values(texts.map((text) => message(text)))
    .execute()
  const rows = await db.selectFrom('messages').select('content').orderBy('seq').execute()
  expect(rows.map((row) => row.content)).toEqual(texts)
})

test('[DB20] a yes or no is a boolean, a count of numbers is a number', async () => {
  const { db, message } = await newConversation()
  const rows = [message('a', { is_read: true }), message('b', { is_read: false }), message('c')]
  await db.insertInto('messages').values(rows).execute()
  const read = await db.selectFrom('messages').select(['is_read', 'id', 'seq']).orderBy('seq').execute()
  expect(read.map((row) => row.is_read)).toEqual([true, false, false])
  expect(read.map((row) => row.seq)).toEqual([1, 2, 3])
  const marked = await db.selectFrom('messages').select('seq').where('is_read', '=', true).execute()
  expect(marked).toEqual([{ seq: 1 }])
  const { sum, n } = await db
    .selectFrom('messages')
    .select((eb) => [eb.fn.sum<number>('seq').as('sum'), eb.fn.countAll<number>().as('n')])
    .executeTakeFirstOrThrow()
  expect([sum, n]).toEqual([6, 3])
})

test('[DB21] rows of one statement get ids one by one from the first', async () => {
  const { db, message } = await newConversation()
  const texts = Array.from({ length: serverLimits.writerBatchRows }, (_, index) => `text ${index}`)
  const batches = [texts.map((text) => message(text)), texts.map((text) => message(text))]
  const firsts = await Promise.all(
    batches.map(async (rows) =>
      Number((await db.insertInto('messages').values(rows).executeTakeFirstOrThrow()).insertId),
    ),
  )
  for (const [batch, rows] of batches.entries()) {
    const seqs = rows.map((row) => row.seq)
    const stored = await db.selectFrom('messages').select('id').where('seq', 'in', seqs).orderBy('seq').execute()
    expect(stored.map((row) => row.id)).toEqual(rows.map((_, index) => (firsts[batch] ?? 0) + index))
  }
})

test('[DB22] strict: what does not fit is refused, not cut; a duplicate is told as one', async () => {
  const { db, message } = await newConversation()
  const tooLong = { ...message('x'), client_message_id: 'c'.repeat(limits.clientIdLength + 1) }
  await expect(db.insertInto('messages').values(tooLong).execute()).rejects.toMatchObject({ errno: 1406 })
  await expect(
    db
      .insertInto('messages')
      .values(message('字'.repeat(30_000)))
      .execute(),
  ).rejects.toMatchObject({
    errno: 1406,
  })
  const first = message('x')
  await db.insertInto('messages').values(first).execute()
  const error = await db
    .insertInto('messages')
    .values({ ...first, seq: 99 })
    .execute()
    .catch((thrown) => thrown)
  expect(isDuplicateKey(error)).toBe(true)
  // The connections are as good as before.
  expect(await db.selectFrom('messages').select('content').execute()).toEqual([{ content: 'x' }])
})

test('[DB23] user names are compared byte by byte', async () => {
  const { db } = await newConversation()
  await db
    .insertInto('users')
    .values([
      { role: 'agent', username: '😀' },
      { role: 'agent', username: '😁' },
    ])
    .execute()
  await db
    .insertInto('users')
    .values([
      { role: 'agent', username: 'jose' },
      { role: 'agent', username: 'josé' },
    ])
    .execute()
  const named = await db.selectFrom('users').select('username').where('username', '=', '😁').execute()
  expect(named).toEqual([{ username: '😁' }])
})

test('[DB24] a statement that takes too long ends in DatabaseUnavailable at its deadline, and the pool is whole after it', async () => {
  const { address } = await newPreparedDatabase()
  const db = openDatabase(address, { connections: 2, queryMs: 300 })
  const began = performance.now()
  const slow = () => sql`select sleep(3)`.execute(db)
  const results = await Promise.allSettled([slow(), slow()])
  expect(performance.now() - began).toBeLessThan(1_500)
  for (const result of results) {
    expect(result).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) })
  }
  expect((await sql<{ n: number }>`select 1 as n`.execute(db)).rows).toEqual([{ n: 1 }])
})
