// The cost of reads must not grow with history. Each query runs through the product's own functions on a filled
// database: it uses its index without a sort or a scan, and reads only the rows of its result.

import { Kysely, MysqlDialect } from 'kysely'
import { createPool, type Pool } from 'mysql2'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { driverOptions } from '#db/core/connect.ts'
import type { Database, Tables } from '#db/core/database.ts'
import { selectOldCustomers } from '#db/queries/abandoned-customers.ts'
import { selectAgents, selectChangedAgents } from '#db/queries/agents.ts'
import {
  countConversationsInViews,
  findConversations,
  selectConversationsInView,
  selectConversationsOfCustomer,
} from '#db/queries/conversation-records.ts'
import { selectChangedConversations, selectHeads } from '#db/queries/conversations.ts'
import { hasWritten, selectChangedMessages, selectLastMessages, selectMessages } from '#db/queries/messages.ts'
import { selectQueuePlaces } from '#db/queries/queue-places.ts'
import type { ConversationView } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { customersAbove, seedDatabase } from '../../bench/seed.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { select } from './databases.ts'

const size = { conversations: 8_000, present: 2_000, agents: 20, longEvery: 4_000, longLength: 2_000 }
const page = 50
/** The newest of the long conversations, and an agent and a customer with many. */
const long = size.conversations - size.longEvery + 1
const agentId = 1
const customerId = customersAbove + 1

let database: TestDatabase
let pool: Pool
let connection: Connection
let db: Database
let changedSince: string
let asked: { sql: string; parameters: readonly unknown[] }[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  await seedDatabase(database.address, size)
  // One connection, so that its counters are ours alone.
  pool = createPool({ ...driverOptions(database.address), connectionLimit: 1 })
  db = new Kysely<Tables>({
    dialect: new MysqlDialect({ pool }),
    log: (event) => void (event.level === 'query' && asked.push(event.query)),
  })
  connection = await createConnection(driverOptions(database.address))
  await db
    .updateTable('users')
    .set((eb) => ({ list_version: eb.ref('id') }))
    .where('role', '<>', 'customer')
    .execute()
  const newest = await selectChangedConversations(db, '2000-01-01T00:00:00.000Z', size.conversations)
  changedSince = newest.at(-10)?.changedAt ?? ''
})

afterAll(async () => {
  await db.destroy()
  await connection.end()
  await database.drop()
})

/** The EXPLAIN output that both servers share. */
interface Step {
  table: string
  type: string
  key: string | null
  Extra: string | null
}

async function explain({ sql, parameters }: (typeof asked)[number]): Promise<Step[]> {
  return (await select(connection, `EXPLAIN FORMAT=TRADITIONAL ${sql}`, [...parameters])) as Step[]
}

/** The rows that the connection has read so far, by key or in sequence. */
async function countRead(): Promise<number> {
  const rows = await new Promise<{ Variable_name: string; Value: string }[]>((resolve, reject) =>
    pool.query("SHOW SESSION STATUS LIKE 'Handler_read%'", (error, found) =>
      error ? reject(error) : resolve(found as never),
    ),
  )
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
}

const twice = (key: string) => [key, key]

interface Seen {
  /** `table key`, in the order of the plan, without joins by primary key and the page itself. */
  keys: string[]
  faults: string[]
  read: number
}

async function look(call: () => Promise<unknown>): Promise<Seen> {
  await call()
  asked = []
  const before = await countRead()
  await call()
  const read = (await countRead()) - before
  const seen: Seen = { keys: [], faults: [], read }
  for (const query of asked) {
    for (const { table, type, key, Extra } of await explain(query)) {
      const isPage = /^<derived/.test(table ?? '')
      // With two rows the server may read both.
      const isSmall = table === 'sites'
      // Colleagues are sorted by name.
      if (/filesort|temporary/.test(Extra ?? '') && table !== 'agent') seen.faults.push(`${table}: ${Extra}`)
      if (['ALL', 'index'].includes(type) && !isPage && !isSmall) seen.faults.push(`${table}: ${type} ${key}`)
      if (key !== null && key !== 'PRIMARY' && !isPage) seen.keys.push(`${table} ${key}`)
    }
  }
  return seen
}

const all = (count: number, step: number) => Array.from({ length: count }, (_, n) => size.conversations - n * step)
const inView = (view: ConversationView) => () => selectConversationsInView(db, view, agentId, null, page)
const behind = (view: ConversationView) => async () => {
  const { next } = await selectConversationsInView(db, view, agentId, null, page)
  return selectConversationsInView(db, view, agentId, next, page)
}
const history = (place: { beforeSeq?: number; afterSeq?: number }) => () =>
  selectMessages(db, { conversationId: long, limit: page, ...place })

const reads: [name: string, call: () => Promise<unknown>, keys: string[], atMost: number][] = [
  ['queue', inView('queue'), ['conversations conversations_queue'], 6 * page],
  ['queue, next page', behind('queue'), twice('conversations conversations_queue'), 12 * page],
  ['mine', inView('mine'), ['conversations conversations_mine'], 6 * page],
  ['mine, next page', behind('mine'), twice('conversations conversations_mine'), 12 * page],
  ['all', inView('all'), ['conversations conversations_all'], 6 * page],
  ['all, next page', behind('all'), twice('conversations conversations_all'), 12 * page],
  ['closed', inView('closed'), ['conversations conversations_closed'], 6 * page],
  ['closed, next page', behind('closed'), twice('conversations conversations_closed'), 12 * page],
  [
    "a customer's own",
    () => selectConversationsOfCustomer(db, customerId, null, page),
    ['conversations conversations_customer'],
    6 * page,
  ],
  ['one conversation', () => findConversations(db, [long]), [], 5],
  ['conversations by id', () => findConversations(db, all(page, 7)), [], 6 * page],
  [
    'newest messages of a page',
    () =>
      selectLastMessages(
        db,
        all(page, 7).map((id) => ({ id, lastSeq: 1 })),
      ),
    ['messages messages_history'],
    3 * page,
  ],
  [
    'counts',
    () => countConversationsInViews(db, agentId),
    [
      'conversations conversations_queue',
      // Counted twice: all, and those with unread messages.
      'conversations conversations_mine',
      'conversations conversations_mine',
      'conversations conversations_all',
      'conversations conversations_closed',
    ],
    8 * limits.countCap,
  ],
  ['newest of a history', history({}), ['messages messages_history'], 3 * page],
  ['history before', history({ beforeSeq: 1_000 }), ['messages messages_history'], 3 * page],
  ['history after', history({ afterSeq: 1_000 }), ['messages messages_history'], 3 * page],
  [
    'changed since',
    () => selectChangedMessages(db, { conversationId: long, upToSeq: 1_990, afterVersion: 1_981, limit: page }),
    ['messages messages_version'],
    3 * page,
  ],
  ['whether somebody wrote', () => hasWritten(db, long, size.agents), ['messages messages_client_id'], 3],
  ['heads', () => selectHeads(db, all(serverLimits.headsRows, 7)), [], serverLimits.headsRows + 1],
  [
    'changed conversations',
    () => selectChangedConversations(db, changedSince, serverLimits.reconcileRows),
    ['conversations conversations_changed'],
    page,
  ],
  [
    'changed agents',
    () => selectChangedAgents(db, size.agents, serverLimits.reconcileRows),
    ['users users_list_version'],
    page,
  ],
  [
    'places in the queue',
    () => selectQueuePlaces(db, all(serverLimits.releaseRows, 7)),
    [...Array(serverLimits.releaseRows).fill('messages messages_history'), 'messages messages_history'],
    serverLimits.releaseRows * 10,
  ],
  [
    'customers who came long ago',
    () => selectOldCustomers(db, { at: '2000-01-01T00:00:00.000Z', id: 0 }),
    ['users users_role'],
    serverLimits.housekeepingRows + 2,
  ],
  ['agents', () => selectAgents(db), ['agent users_role', 'conversations conversations_mine'], size.present],
]

/** States that a real installation cannot have. Each query counts the wrong rows. */
const wrongs = {
  'seq with a gap': `SELECT COUNT(*) AS n FROM (SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
    GROUP BY c.id, c.last_seq HAVING COUNT(m.id) <> c.last_seq OR COALESCE(MAX(m.seq), 0) <> c.last_seq) AS wrong`,
  'versions of messages': `SELECT COUNT(*) AS n FROM (SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id
    GROUP BY c.id, c.version HAVING COUNT(DISTINCT m.version) <> COUNT(*) OR MAX(m.version) > c.version) AS wrong`,
  'unread counts': `SELECT COUNT(*) AS n FROM (SELECT c.id FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
    GROUP BY c.id, c.agent_unread, c.customer_unread
    HAVING COALESCE(SUM(m.sender_id = c.customer_id AND m.seq > c.agent_read_seq), 0) <> c.agent_unread
    OR COALESCE(SUM(m.sender_id <> c.customer_id AND m.seq > c.customer_read_seq), 0) <> c.customer_unread) AS wrong`,
  'read marks': `SELECT COUNT(*) AS n FROM conversations c JOIN messages m ON m.conversation_id = c.id
    WHERE m.is_read <> (m.seq <= IF(m.sender_id = c.customer_id, c.agent_read_seq, c.customer_read_seq))`,
  people: `SELECT COUNT(*) AS n FROM conversations c LEFT JOIN users customer ON customer.id = c.customer_id
    LEFT JOIN users agent ON agent.id = c.agent_id LEFT JOIN sites s ON s.id = c.site_id
    WHERE s.id IS NULL OR COALESCE(customer.role <> 'customer', 1) OR (c.agent_id IS NOT NULL AND COALESCE(agent.role = 'customer', 1))`,
  states: `SELECT COUNT(*) AS n FROM conversations WHERE (status = 'open') <> (queued_at IS NOT NULL)
    OR (status = 'closed') <> (closed_at IS NOT NULL) OR (status = 'pending' AND agent_id IS NULL) OR (status = 'open' AND agent_id IS NOT NULL)`,
  times: `SELECT COUNT(*) AS n FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
    WHERE m.created_at < c.created_at OR m.created_at > c.updated_at OR c.updated_at < c.created_at OR c.updated_at > CURRENT_TIMESTAMP(3)`,
  'unfinished of one customer': `SELECT COUNT(*) AS n FROM (SELECT customer_id FROM conversations WHERE status <> 'closed'
    GROUP BY customer_id HAVING COUNT(*) > ${limits.openConversationsPerCustomer}) AS wrong`,
}

test.each(Object.entries(wrongs))('what is filled in is as people would have left it: %s', async (_, sql) => {
  expect(await select(connection, sql)).toEqual([{ n: 0 }])
})

test.each(reads)('[DB35] %s: uses its index, without a sort or a scan', async (_, call, keys, atMost) => {
  const seen = await look(call)
  expect(seen.faults).toEqual([])
  expect(seen.keys.toSorted()).toEqual(keys.toSorted())
  expect(seen.read).toBeLessThan(atMost)
})

const indexes = [...new Set(reads.flatMap(([, , keys]) => keys.map((key) => key.split(' ')[1] as string)))]

test.each(indexes)('[DB35] the check fails without the index %s', async (index) => {
  const columns = await select(
    connection,
    `SELECT table_name AS of_table, column_name AS name, non_unique AS is_multiple FROM information_schema.statistics
      WHERE table_schema = DATABASE() AND index_name = ? ORDER BY seq_in_index`,
    [index],
  )
  const { of_table: table, name: first, is_multiple: isMultiple } = columns[0] as RowDataPacket
  // The index of a foreign key can be replaced but not dropped.
  const [add, drop] = first.endsWith('_id') ? [`, ADD KEY replacement (${first})`, 'DROP KEY replacement,'] : ['', '']
  await connection.query(`ALTER TABLE ?? DROP KEY ??${add}`, [table, index])
  try {
    const unseen = []
    for (const [name, call, keys, atMost] of reads) {
      if (!keys.some((key) => key.endsWith(` ${index}`))) continue
      const { faults, read } = await look(call)
      if (faults.length === 0 && read < atMost) unseen.push(name)
    }
    expect(unseen).toEqual([])
  } finally {
    const names = columns.map(({ name }) => name)
    const kind = isMultiple ? 'KEY' : 'UNIQUE KEY'
    await connection.query(`ALTER TABLE ?? ${drop} ADD ${kind} ?? (??)`, [table, index, names])
  }
})
