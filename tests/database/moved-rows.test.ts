// The rows of the four original tables survive the migration, and the new columns are filled from existing data.

import { expect, test } from 'vitest'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { newOriginalDatabase, select } from './databases.ts'
import { originalRows } from './original-rows.ts'

async function migrated() {
  const { address, connection } = await newOriginalDatabase(originalRows)
  const kept = async () => [
    await select(connection, 'SELECT id, password_hash, role, email, created_at FROM users ORDER BY id'),
    await select(connection, 'SELECT id, customer_id, agent_id, created_at, updated_at FROM conversations ORDER BY id'),
    await select(connection, 'SELECT id, conversation_id, sender_id, content, created_at FROM messages ORDER BY id'),
    await select(connection, 'SELECT agent_id, last_seen FROM agent_status ORDER BY agent_id'),
  ]
  const before = await kept()
  await prepareDatabase(address)
  expect(await kept()).toEqual(before)
  return connection
}

test('[DB7] messages keep their order as seq, from 1 without a gap, by time and then by id', async () => {
  const connection = await migrated()
  const rows = await select(
    connection,
    'SELECT conversation_id AS c, seq, id, client_message_id AS m, version AS v FROM messages ORDER BY c, seq',
  )
  expect(rows.map((row) => [row.c, row.seq, row.id])).toEqual([
    [11, 1, 105],
    [11, 2, 101],
    [11, 3, 103],
    [12, 1, 108],
    [13, 1, 102],
    [13, 2, 104],
    [13, 3, 106],
    [13, 4, 107],
    [13, 5, 109],
  ])
  for (const row of rows) expect([row.m, row.v]).toEqual([`m${row.id}`, row.seq + 1])
  const heads = 'SELECT id, last_seq AS seq, version AS v FROM conversations ORDER BY id'
  expect((await select(connection, heads)).map((row) => [row.id, row.seq, row.v])).toEqual([
    [11, 3, 4],
    [12, 1, 2],
    [13, 5, 6],
    [14, 0, 1],
    [15, 0, 1],
  ])
})

test('[DB8] each side has read up to its first unread message, and the counters and is_read agree', async () => {
  const connection = await migrated()
  const reading = `SELECT id, customer_read_seq AS cr, customer_unread AS cu, agent_read_seq AS ar, agent_unread AS au
    FROM conversations ORDER BY id`
  expect((await select(connection, reading)).map((row) => [row.id, row.cr, row.cu, row.ar, row.au])).toEqual([
    [11, 3, 0, 2, 0],
    [12, 0, 0, 0, 1],
    [13, 0, 2, 1, 2],
    [14, 0, 0, 0, 0],
    [15, 0, 0, 0, 0],
  ])
  const unread = await select(connection, 'SELECT id FROM messages WHERE is_read = 0 ORDER BY id')
  expect(unread.map((row) => row.id)).toEqual([104, 106, 107, 108, 109])
})

test('[DB9] a conversation with an agent is pending, one without is open and has waited since its start', async () => {
  const connection = await migrated()
  const states =
    'SELECT id, status, queued_at AS q, closed_at AS c, site_id = (SELECT id FROM sites) AS s FROM conversations ORDER BY id'
  expect((await select(connection, states)).map((row) => [row.id, row.status, row.q, row.c, row.s])).toEqual([
    [11, 'closed', null, '2024-03-01T09:30:00.123Z', 1],
    [12, 'open', '2024-03-03T09:00:00.000Z', null, 1],
    [13, 'pending', null, null, 1],
    [14, 'pending', null, null, 1],
    [15, 'open', '2024-03-05T09:00:00.000Z', null, 1],
  ])
})

test('[DB10] users keep their names in lower case, customers get the site, agents their chosen status', async () => {
  const connection = await migrated()
  const people = 'SELECT username, name, site_id = (SELECT id FROM sites) AS here FROM users ORDER BY id'
  expect(await select(connection, people)).toEqual([
    { username: 'li_wei', name: 'Li_Wei', here: 1 },
    { username: 'anna', name: 'Anna', here: null },
    { username: 'root', name: 'root', here: null },
    { username: 'müller', name: 'MÜLLER', here: 1 },
  ])
  expect(await select(connection, 'SELECT agent_id AS id, status, chosen FROM agent_status ORDER BY id')).toEqual([
    { id: 2, status: 'offline', chosen: 'busy' },
    { id: 3, status: 'offline', chosen: 'online' },
  ])
})
