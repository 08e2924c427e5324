// Fills an empty database with years of a shop: the same present (what waits and what is in progress) at every size, and behind it as
// much past as asked for. The database makes all of it itself from row numbers, so it is the same each time, and valid: seq without
// gaps, counters and read marks that agree with the messages, versions and times in order. Speaks what MariaDB and MySQL both do.

import { readFileSync } from 'node:fs'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type DatabaseAddress, driverOptions, sessionSettings } from '#db/core/connect.ts'
import { splitStatements } from '#db/schema/split-statements.ts'
import { answers, names, questions } from './seed-text.ts'

export interface SeedSize {
  /** Rows of conversations, more than `present`. They hold about ten messages each, half of them no more than five. */
  conversations: number
  /** Conversations that are not closed: three of five wait, the others are in progress. */
  present: number
  /** Who answers, as user ids 1 to this; the first has by far the most. */
  agents: number
  /** One of so many conversations has `longLength` messages. */
  longEvery: number
  longLength: number
}

/** Customers have user ids above this. The first of them has every fiftieth conversation. */
export const customersAbove = 1000

/** Conversations that were talking at the same time: their messages lie among each other, as they came. */
const blockSize = 50

/** The database at `address` has Kefu's tables and nothing in them, and nobody else uses it meanwhile. */
export async function seedDatabase(address: DatabaseAddress, size: SeedSize): Promise<void> {
  const connection = await createConnection(driverOptions(address))
  try {
    await connection.query(sessionSettings)
    // What is written is right by itself.
    await connection.query('SET SESSION foreign_key_checks = 0')
    await numberRows(connection, Math.max(size.conversations, size.longLength))
    await planConversations(connection, size)
    await connection.query(siteRows)
    await connection.query(agentRows(size), [names])
    await connection.query(customerRows, [names])
    await connection.query(
      'INSERT INTO agent_status (agent_id, last_seen) SELECT id, created_at FROM users WHERE id <= ?',
      [customersAbove],
    )
    await connection.query(conversationRows)
    await insertMessages(connection)
    await connection.query('DROP TABLE seed_numbers, seed_plan, seed_blocks')
    await connection.query('ANALYZE TABLE sites, users, conversations, messages, agent_status')
  } finally {
    connection.destroy()
  }
}

/** Without its keys, which are added at the end: sorted once each, at half the cost of keeping ten million rows in order as they come. */
async function insertMessages(connection: Connection): Promise<void> {
  const schema = splitStatements(readFileSync(new URL('../schema.sql', import.meta.url), 'utf8'))
  const lines = schema.find((statement) => statement.startsWith('CREATE TABLE messages'))?.split('\n') ?? []
  const isKey = (line: string) => /^ +(UNIQUE KEY|KEY|CONSTRAINT) /.test(line)
  const keys = lines.filter(isKey).map((line) => `ADD ${line.trim().replace(/,$/, '')}`)
  const bare = lines.filter((line) => !isKey(line)).join('\n')
  await connection.query('DROP TABLE messages')
  await connection.query(bare.replace('PRIMARY KEY (id),', 'PRIMARY KEY (id)'))
  await connection.query(messageRows, [questions, answers])
  await connection.query(`ALTER TABLE messages ${keys.join(', ')}`)
}

async function numberRows(connection: Connection, upTo: number): Promise<void> {
  await connection.query('CREATE TABLE seed_numbers (n INT UNSIGNED NOT NULL PRIMARY KEY) ENGINE = InnoDB')
  await connection.query('INSERT INTO seed_numbers VALUES (1)')
  for (let there = 1; there < upTo; there *= 2) {
    await connection.query('INSERT INTO seed_numbers SELECT n + ? FROM seed_numbers WHERE n <= ?', [
      there,
      upTo - there,
    ])
  }
}

async function planConversations(connection: Connection, size: SeedSize): Promise<void> {
  await connection.query(`CREATE TABLE seed_plan (
    block INT UNSIGNED NOT NULL, id INT UNSIGNED NOT NULL, length INT UNSIGNED NOT NULL, status VARCHAR(10) NOT NULL,
    customer_id INT UNSIGNED NOT NULL, agent_id INT UNSIGNED NULL,
    customer_read INT UNSIGNED NOT NULL, agent_read INT UNSIGNED NOT NULL,
    pause_ms INT UNSIGNED NOT NULL, begun_at DATETIME(3) NOT NULL, ended_at DATETIME(3) NOT NULL,
    PRIMARY KEY (block, id)) ENGINE = InnoDB`)
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT CURRENT_TIMESTAMP(3) AS now')
  await connection.query(planRows(size), [new Date(row?.now)])
  await connection.query(`CREATE TABLE seed_blocks (block INT UNSIGNED NOT NULL PRIMARY KEY, longest INT UNSIGNED NOT NULL)
    ENGINE = InnoDB`)
  await connection.query('INSERT INTO seed_blocks SELECT block, MAX(length) FROM seed_plan GROUP BY block')
}

/** A number below `below` that looks drawn by chance, and is the same each time. */
const draw = (what: string, below: number) => `CRC32(CONCAT('${what} ', age)) % ${below}`
/** One of the words of a list that is given as the next parameter. */
const pick = (key: string, count: number) => `ELT(1 + CRC32(${key}) % ${count}, ?)`

/** Everything hangs on the age, counted from the newest, so that the present does not depend on how much past there is. */
const planRows = ({ conversations, present, agents, longEvery, longLength }: SeedSize) => `
  INSERT INTO seed_plan
  SELECT FLOOR(id / ${blockSize}), id, length, status,
    ${customersAbove} + CASE WHEN status = 'closed' AND age % 50 = 7 THEN 1 WHEN status <> 'closed' OR age % 10 < 6 THEN 1 + id
      ELSE 2 + ${draw('customer', Math.ceil(conversations / 10))} END,
    IF(status = 'open', NULL, 1 + FLOOR(${agents} * POW(${draw('agent', 10_000)} / 10000, 3))),
    length - IF(status = 'closed' AND ${draw('seen', 10)} > 0, 0, LEAST(length, 3)),
    length - CASE status WHEN 'open' THEN length WHEN 'pending' THEN LEAST(length, ${draw('read', 4)}) ELSE 0 END,
    pause_ms,
    ended_at - INTERVAL pause_ms * (length + 1) * 1000 MICROSECOND,
    ended_at
  FROM (
    SELECT id, age, 5000 + ${draw('pause', 30_000)} AS pause_ms,
      ? - INTERVAL age * 60000000 + ${draw('end', 60_000)} * 1000 MICROSECOND AS ended_at,
      CASE WHEN age >= ${present} THEN 'closed' WHEN age % 5 < 3 THEN 'open' ELSE 'pending' END AS status,
      CASE WHEN (age + 1) % ${longEvery} = 0 THEN ${longLength} WHEN lot < 20 THEN 0 WHEN lot < 500 THEN 1 + lot % 5
        WHEN lot < 850 THEN 5 + lot % 10 WHEN lot < 980 THEN 15 + lot % 20 ELSE 45 + lot % 60 END AS length
    FROM (
      SELECT n AS id, ${conversations} - n AS age, CRC32(CONCAT('length ', ${conversations} - n)) % 1000 AS lot
      FROM seed_numbers WHERE n <= ${conversations}
    ) AS numbered
  ) AS drawn`

const siteRows = `INSERT INTO sites (id, site_key, name, origins) VALUES
  (1, 'mist-and-leaf', 'Mist & Leaf', 'https://shop.example'), (2, 'mist-and-leaf-cn', '岚叶茶铺', 'https://cn.shop.example')`

const agentRows = ({ agents }: SeedSize) => `
  INSERT INTO users (id, username, password_hash, role, name, language, created_at)
  SELECT n, CONCAT('agent', n), 'none', 'agent', CONCAT(${pick('n', names.length)}, ' ', n),
    IF(n % 2 = 0, 'en', 'zh-CN'), (SELECT MIN(begun_at) FROM seed_plan)
  FROM seed_numbers WHERE n <= ${agents}`

const customerRows = `
  INSERT INTO users (id, role, name, email, language, site_id, created_at)
  SELECT customer_id, 'customer', ${pick('customer_id', names.length)},
    IF(customer_id % 4 = 0, CONCAT('customer', customer_id, '@mail.example'), NULL), IF(customer_id % 2 = 0, 'en', 'zh-CN'),
    1 + customer_id % 2, MIN(begun_at)
  FROM seed_plan GROUP BY customer_id ORDER BY customer_id`

/** Where there is an agent, the customer writes the odd messages and the agent the even ones. */
const conversationRows = `
  INSERT INTO conversations (id, customer_id, agent_id, site_id, status, client_conversation_id, page_url, page_title, last_seq,
    version, customer_read_seq, customer_read_at, agent_read_seq, agent_read_by, agent_read_at, customer_unread, agent_unread,
    queued_at, closed_at, created_at, updated_at, changed_at)
  SELECT id, customer_id, agent_id, 1 + customer_id % 2, status, LEFT(SHA2(id, 224), 32),
    CONCAT('https://shop.example/tea/', id % 300), CONCAT('Tea ', id % 300), length,
    1 + length + (agent_id IS NOT NULL) + (status = 'closed') + (customer_read > 0) + (agent_read > 0),
    customer_read, IF(customer_read > 0, spoken_at, NULL),
    agent_read, IF(agent_read > 0, agent_id, NULL), IF(agent_read > 0, spoken_at, NULL),
    IF(agent_id IS NULL, 0, FLOOR(length / 2) - FLOOR(customer_read / 2)),
    IF(agent_id IS NULL, length - agent_read, CEIL(length / 2) - CEIL(agent_read / 2)),
    IF(status = 'open', begun_at, NULL), IF(status = 'closed', ended_at, NULL), begun_at,
    IF(status = 'closed', ended_at, spoken_at), IF(status = 'closed', ended_at, spoken_at)
  FROM (SELECT seed_plan.*, ended_at - INTERVAL pause_ms * 1000 MICROSECOND AS spoken_at FROM seed_plan) AS plan
  ORDER BY id`

const messageRows = `
  INSERT INTO messages (conversation_id, sender_id, seq, client_message_id, content, is_read, version, created_at)
  SELECT STRAIGHT_JOIN id, IF(agent_id IS NULL OR n % 2 = 1, customer_id, agent_id), n, LEFT(SHA2(CONCAT(id, ' ', n), 224), 32),
    IF(agent_id IS NULL OR n % 2 = 1, ${pick("CONCAT(id, ' ', n)", questions.length)}, ${pick("CONCAT(n, ' ', id)", answers.length)}),
    n <= IF(agent_id IS NULL OR n % 2 = 1, agent_read, customer_read), 1 + n, begun_at + INTERVAL pause_ms * n * 1000 MICROSECOND
  FROM seed_blocks JOIN seed_numbers ON n <= longest JOIN seed_plan ON seed_plan.block = seed_blocks.block AND length >= n`
