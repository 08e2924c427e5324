// The four original tables as other programs make them: each difference is converted without loss, or refused before
// the first statement with one line.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { prepareDatabase } from '#db/schema/migrate.ts'
import { splitStatements } from '#db/schema/split-statements.ts'
import { applyStatements } from '#db/schema/tables/definitions.ts'
import { readTables } from '#db/schema/tables/read-tables.ts'
import { describeDatabase, newEmptyDatabase, newPreparedDatabase, select, type TestDatabase } from './databases.ts'
import { originalRows } from './original-rows.ts'

const originalText = readFileSync(
  new URL('../../db/schema/migrations/0001-original-tables.sql', import.meta.url),
  'utf8',
)
const original = applyStatements(splitStatements(originalText))

/** The original tables with their rows, after `rewrite` of their SQL and then these statements. */
async function newForeignDatabase(
  rewrite: (text: string) => string,
  statements: readonly string[] = [],
): Promise<TestDatabase> {
  const made = await newEmptyDatabase()
  await made.connection.query("SET SESSION foreign_key_checks = 0, sql_mode = '', time_zone = '+00:00'")
  const rows = originalRows.replace(/;\s*$/, '')
  for (const statement of [...splitStatements(rewrite(originalText)), ...splitStatements(rows), ...statements])
    await made.connection.query(statement)
  return made
}

const cells = [
  'SELECT id, username, password_hash, role, email, CAST(created_at AS DATETIME(3)) AS created_at FROM users ORDER BY id',
  `SELECT id, customer_id, agent_id, status, CAST(created_at AS DATETIME(3)) AS created_at,
    CAST(updated_at AS DATETIME(3)) AS updated_at FROM conversations ORDER BY id`,
  'SELECT id, conversation_id, sender_id, content, is_read + 0 AS is_read, CAST(created_at AS DATETIME(3)) AS created_at FROM messages ORDER BY id',
  'SELECT agent_id, status, CAST(last_seen AS DATETIME(3)) AS last_seen FROM agent_status ORDER BY agent_id',
]

async function readRows({ connection }: TestDatabase) {
  return Promise.all(cells.map((query) => select(connection, query)))
}

const reached = new Error('the original tables are reached')
/** Stops the preparation when the original tables are recorded. */
const stopAtOriginal = {
  onStep: (step: string) => (step === '0001-original-tables' ? Promise.reject(reached) : undefined),
}

const unchanged = (text: string) => text
const withoutForeignKeys = (text: string) => text.replaceAll(/,\n {2}CONSTRAINT [^\n,]+/g, '')
const withoutAutoIncrement = (text: string) => text.replaceAll(' AUTO_INCREMENT', '')
const inCharset = (charset: string, collation: string) => (text: string) =>
  text.replaceAll('CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci', `CHARSET = ${charset} COLLATE = ${collation}`)
const withEngine = (engine: string) => (text: string) =>
  withoutForeignKeys(text).replaceAll('ENGINE = InnoDB', `ENGINE = ${engine}`)

describe('[DB43] [F2] [F3] original tables are converted without loss', () => {
  test.each<[string, (text: string) => string, string[]?]>([
    ['utf8mb3', inCharset('utf8', 'utf8_general_ci'), ['UPDATE messages SET content = NULL WHERE 1 = 0']],
    ['utf8mb4_bin', inCharset('utf8mb4', 'utf8mb4_bin')],
    ['utf8mb4_general_ci', inCharset('utf8mb4', 'utf8mb4_general_ci')],
    ['gbk', inCharset('gbk', 'gbk_chinese_ci')],
    [
      'columns of several character sets',
      (text) => text.replace('content TEXT', 'content LONGTEXT CHARACTER SET ucs2'),
    ],
    ['signed INT ids', (text) => text.replaceAll('BIGINT UNSIGNED', 'INT')],
    ['signed BIGINT ids', (text) => text.replaceAll('BIGINT UNSIGNED', 'BIGINT')],
    ['unsigned MEDIUMINT ids', (text) => text.replaceAll('BIGINT UNSIGNED', 'MEDIUMINT UNSIGNED')],
    ['flags as INT', (text) => text.replace('is_read TINYINT(1)', 'is_read INT')],
    ['flags as BIT', (text) => text.replace('is_read TINYINT(1) NOT NULL DEFAULT 0', 'is_read BIT(1) NULL')],
    ['MyISAM', withEngine('MyISAM')],
    ['times without fractions', (text) => text.replaceAll('(3)', ''), []],
    [
      'TIMESTAMP(6) columns',
      (text) =>
        text.replaceAll('DATETIME(3)', 'TIMESTAMP(6)').replaceAll('CURRENT_TIMESTAMP(3)', 'CURRENT_TIMESTAMP(6)'),
    ],
    [
      'times that change by themselves',
      (text) => text.replace(/(updated_at .*),/, '$1 ON UPDATE CURRENT_TIMESTAMP(3),'),
    ],
    ['roles and states as text', (text) => text.replaceAll(/ENUM\([^)]*\)/g, 'VARCHAR(20)')],
    ['roles and states with more values', (text) => text.replaceAll(/ENUM\(([^)]*)\)/g, "ENUM('none', $1)")],
    [
      'wider and narrower texts',
      (text) => text.replace('VARCHAR(64)', 'VARCHAR(191)').replace('VARCHAR(254)', 'VARCHAR(40)'),
    ],
    ['no foreign keys', withoutForeignKeys],
    ['no generated ids', withoutAutoIncrement],
    [
      'no keys but primary ones',
      (text) => withoutForeignKeys(text).replaceAll(/,\n {2}(UNIQUE )?KEY .+?(?=,?\n)/g, ''),
    ],
    ['keys with other names', (text) => text.replaceAll(/(CONSTRAINT|KEY) (\w+_\w+)/g, '$1 the_$2')],
    [
      'foreign keys that delete',
      (text) => text.replaceAll('REFERENCES users (id)', 'REFERENCES users (id) ON DELETE CASCADE'),
    ],
    [
      'columns that may be NULL',
      (text) =>
        text
          .replaceAll(/ NOT NULL(?! AUTO_INCREMENT|,\n {2}PRIMARY)/g, ' NULL')
          .replaceAll(
            /(agent_id BIGINT UNSIGNED) NULL,\n {2}status ENUM\('online/g,
            "$1 NOT NULL,\n  status ENUM('online",
          ),
    ],
    ['column names in capitals', (text) => text.replace('  username VARCHAR', '  UserName VARCHAR')],
    [
      'further columns',
      (text) =>
        text.replaceAll(
          'created_at DATETIME(3)',
          'shop_ref VARCHAR(20) NULL, points INT NOT NULL DEFAULT 0, created_at DATETIME(3)',
        ),
    ],
    [
      'a further column of JSON and a further key',
      unchanged,
      ['ALTER TABLE users ADD COLUMN meta JSON NULL, ADD KEY by_email (email)'],
    ],
    ['a key with the name of a later one', unchanged, ['ALTER TABLE users ADD KEY users_role (email)']],
  ])('from %s', async (_, rewrite, statements) => {
    const foreign = await newForeignDatabase(rewrite, statements)
    const before = await readRows(foreign)
    await expect(prepareDatabase(foreign.address, undefined, stopAtOriginal)).rejects.toBe(reached)
    const { users, conversations, messages, agent_status } = Object.fromEntries(await readTables(foreign.connection))
    for (const found of [users, conversations, messages, agent_status]) {
      const expected = original.get(found?.name ?? '')
      expect(found).toMatchObject({ engine: expected?.engine, collation: expected?.collation })
      for (const [name, column] of expected?.columns ?? []) expect(found?.columns.get(name)).toEqual(column)
      for (const [name, key] of expected?.keys ?? []) expect(found?.keys.get(name)).toEqual(key)
      expect(found?.foreignKeys).toEqual(expected?.foreignKeys)
    }
    expect(await readRows(foreign)).toEqual(before)
  })

  test('from latin1, signed INT and MyISAM, up to the newest version, where Chinese text fits', async () => {
    const foreign = await newForeignDatabase((text) =>
      withEngine('MyISAM')(inCharset('latin1', 'latin1_swedish_ci')(text)).replaceAll('BIGINT UNSIGNED', 'INT'),
    )
    const log: string[] = []
    await prepareDatabase(foreign.address, (line) => log.push(line))
    expect(log).toContain('Converting: users has the engine MyISAM; it must be InnoDB.')
    expect(await describeDatabase(foreign.connection)).toEqual(
      await describeDatabase((await newPreparedDatabase()).connection),
    )
    await foreign.connection.query("UPDATE users SET name = '王芳 😀' WHERE id = 2")
    expect(await select(foreign.connection, 'SELECT name FROM users WHERE id = 2')).toEqual([{ name: '王芳 😀' }])
    log.length = 0
    await prepareDatabase(foreign.address, (line) => log.push(line))
    expect(log).toEqual([])
  })

  test('however often they are stopped', async () => {
    const foreign = await newForeignDatabase((text) =>
      inCharset('gbk', 'gbk_chinese_ci')(text).replaceAll('BIGINT UNSIGNED', 'INT'),
    )
    const before = await readRows(foreign)
    const steps = new Set<string>()
    const stopped = new Error('stopped here')
    for (let isDone = false; !isDone; ) {
      isDone = (await prepareDatabase(foreign.address, undefined, {
        onStep(step) {
          if (step === '0001-original-tables') throw reached
          if (!steps.has(step)) {
            steps.add(step)
            throw stopped
          }
        },
      }).catch((error) => {
        if (error !== stopped && error !== reached) throw error
        return error === reached
      })) as boolean
    }
    expect(steps.size).toBeGreaterThan(6)
    expect(await readRows(foreign)).toEqual(before)
  })
})

describe('[DB44] [F2] [F3] original tables are refused before the first statement, with one line per difference,', () => {
  const alter = (statement: string) => [statement]
  test.each<[string, string[], string[], ((text: string) => string)?]>([
    [
      'for a column that Kefu does not fill',
      alter('ALTER TABLE users ADD COLUMN shop_id INT NOT NULL'),
      ['users.shop_id is NOT NULL without a default, and Kefu does not fill it: give it a default, or drop it.'],
    ],
    [
      'for a column with a later name',
      alter('ALTER TABLE users ADD COLUMN name VARCHAR(20) NULL'),
      ["users.name has the name of a column of Kefu's: rename or drop it."],
    ],
    ['for a missing column', alter('ALTER TABLE users DROP COLUMN email'), ['users has no column email.']],
    [
      'for a column of another kind',
      alter('ALTER TABLE messages MODIFY content BLOB NOT NULL'),
      ['messages.content is blob NOT NULL; it must be text utf8mb4_unicode_ci NOT NULL.'],
    ],
    [
      'for a unique key',
      alter('ALTER TABLE messages ADD UNIQUE KEY one_each (conversation_id, created_at, id)'),
      [
        "messages has the unique key one_each (conversation_id, created_at, id), which would refuse rows of Kefu's: drop it.",
      ],
    ],
    [
      'for a trigger',
      alter('CREATE TRIGGER count_messages AFTER INSERT ON messages FOR EACH ROW SET @n = 1'),
      ['messages has the trigger count_messages, which Kefu does not expect: drop it.'],
    ],
    [
      'for a check',
      alter('ALTER TABLE messages ADD CONSTRAINT short CHECK (CHAR_LENGTH(content) < 100)'),
      ['messages has the check short, which Kefu does not expect: drop it.'],
    ],
    [
      'for a table that is missing',
      alter('DROP TABLE users'),
      [
        'conversations is there without the table users, to which it refers.',
        'conversations is there without the table users, to which it refers.',
        'messages is there without the table users, to which it refers.',
        'agent_status is there without the table users, to which it refers.',
      ],
      withoutForeignKeys,
    ],
    [
      'for a record of migrations of another framework',
      ['CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY)'],
      ["The table schema_migrations is not Kefu's: rename or drop it."],
    ],
    [
      'for partitions',
      ['ALTER TABLE messages PARTITION BY HASH (id) PARTITIONS 2'],
      ['messages has partitions, which Kefu does not expect: drop it.'],
      withoutForeignKeys,
    ],
    [
      'for ids that are no numbers',
      [],
      ['agent_status.agent_id is varchar(36) utf8mb4_unicode_ci NOT NULL; it must be bigint unsigned NOT NULL.'],
      (text) => withoutForeignKeys(text).replace('agent_id BIGINT UNSIGNED NOT NULL', 'agent_id VARCHAR(36) NOT NULL'),
    ],
    [
      'for a view',
      [
        'RENAME TABLE agent_status TO users_aside',
        'ALTER TABLE users_aside ADD COLUMN x INT',
        'DROP TABLE users_aside',
        'CREATE VIEW agent_status AS SELECT 1 AS agent_id',
      ],
      ['agent_status is a VIEW; it must be a table.'],
    ],
    [
      'for broken references',
      [
        'UPDATE messages SET conversation_id = 9999 WHERE id IN (105, 106)',
        'UPDATE conversations SET agent_id = 0 WHERE id = 12',
      ],
      [
        'conversations.agent_id refers to no row of users in 1 row, first with id 12.',
        'messages.conversation_id refers to no row of conversations in 2 rows, first with id 105.',
      ],
    ],
    [
      'for names that Kefu holds equal',
      ["UPDATE users SET username = 'ANNA' WHERE id = 4"],
      ['users.username has 1 values more than once, such as in the rows with id 2 and 4.'],
      (text) => inCharset('utf8mb4', 'utf8mb4_bin')(text),
    ],
    [
      'for NULL values',
      ['UPDATE messages SET content = NULL, is_read = NULL WHERE id = 103'],
      [
        'messages.content is NULL in 1 row, first with id 103.',
        'messages.is_read is NULL in 1 row, first with id 103.',
      ],
      (text) =>
        text
          .replace('content TEXT NOT NULL', 'content TEXT NULL')
          .replace('is_read TINYINT(1) NOT NULL', 'is_read TINYINT(1) NULL'),
    ],
    [
      'for values that are too long',
      [
        "UPDATE users SET username = REPEAT('字', 65), email = REPEAT('e', 255) WHERE id = 2",
        "UPDATE messages SET content = REPEAT('字', 21846) WHERE id = 101",
      ],
      [
        'users.username is longer than 64 characters in 1 row, first with id 2.',
        'users.email is longer than 254 characters in 1 row, first with id 2.',
        'messages.content is longer than 65535 bytes in 1 row, first with id 101.',
      ],
      (text) =>
        text
          .replace('VARCHAR(64)', 'VARCHAR(100)')
          .replace('VARCHAR(254)', 'TEXT')
          .replace('content TEXT', 'content LONGTEXT'),
    ],
    [
      'for values that do not fit',
      [
        "UPDATE users SET role = 'bot' WHERE id = 4",
        "UPDATE users SET password_hash = 'пароль' WHERE id = 2",
        'UPDATE messages SET is_read = 7 WHERE id = 101',
      ],
      [
        'users.password_hash has characters other than ASCII in 1 row, first with id 2.',
        "users.role is none of 'customer','agent','admin' in 1 row, first with id 4.",
        'messages.is_read is neither 0 nor 1 in 1 row, first with id 101.',
      ],
      (text) => text.replace("ENUM('customer', 'agent', 'admin')", 'VARCHAR(20)'),
    ],
    [
      'for an empty state, which a lax server stored for an invalid one',
      ["UPDATE conversations SET status = 'archived' WHERE id = 13"],
      ["conversations.status is none of 'open','pending','closed' in 1 row, first with id 13."],
    ],
    [
      'for ids below 1 and ids that JavaScript cannot hold',
      ['UPDATE users SET id = -5 WHERE id = 4', 'UPDATE messages SET id = 9007199254740993 WHERE id = 109'],
      [
        'users.id is below 1 or above 9007199254740991 in 1 row, first with id -5.',
        'conversations.customer_id refers to no row of users in 3 rows, first with id 13.',
        'messages.id is below 1 or above 9007199254740991 in 1 row, first with id 9007199254740993.',
        'messages.sender_id refers to no row of users in 3 rows, first with id 102.',
      ],
      (text) => withoutForeignKeys(text).replaceAll('BIGINT UNSIGNED', 'BIGINT'),
    ],
    [
      'for times that are none',
      [
        "UPDATE messages SET created_at = '0000-00-00' WHERE id = 101",
        "UPDATE conversations SET updated_at = '2024-00-10' WHERE id = 11",
      ],
      [
        'conversations.updated_at is no time (0000-00-00 or the like) in 1 row, first with id 11.',
        'messages.created_at is no time (0000-00-00 or the like) in 1 row, first with id 101.',
      ],
    ],
  ])('%s', async (_, statements, lines, rewrite = unchanged) => {
    const foreign = await newForeignDatabase(rewrite, statements)
    const before = await describeDatabase(foreign.connection)
    const rows = statements[0]?.startsWith('UPDATE') ? await readRows(foreign) : null
    const error = await prepareDatabase(foreign.address).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ name: 'StartError' })
    expect((error as Error).message.split('\n')).toEqual(
      lines.map((line) => (line.startsWith('The table') ? line : `Cannot migrate: ${line}`)),
    )
    expect(await describeDatabase(foreign.connection)).toEqual(before)
    if (rows) expect(await readRows(foreign)).toEqual(rows)
  })
})

describe('[DB46] [F2] a prepared database that was changed by hand', () => {
  test.each([
    [
      'ALTER TABLE users MODIFY name VARCHAR(80) CHARACTER SET latin1 NOT NULL DEFAULT ""',
      "users.name is varchar(80) latin1_swedish_ci NOT NULL DEFAULT ''; it must be",
    ],
    ['ALTER TABLE sites ADD COLUMN owner INT NOT NULL', 'sites.owner is NOT NULL without a default'],
    [
      'ALTER TABLE messages DROP KEY messages_history, ADD KEY messages_history (conversation_id, seq)',
      'messages has the key messages_history',
    ],
    ['DROP TABLE attachments', 'The table attachments is missing.'],
    ['ALTER TABLE login_sessions DROP COLUMN user_agent', 'login_sessions has no column user_agent.'],
  ])('is refused: %s', async (statement, line) => {
    const { address, connection } = await newPreparedDatabase()
    await connection.query(statement)
    const error = await prepareDatabase(address).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ name: 'StartError' })
    expect((error as Error).message).toContain(line)
    expect((error as Error).message).not.toContain('\n')
  })

  test('starts with a line in the log if Kefu can work with it', async () => {
    const { address, connection } = await newPreparedDatabase()
    await connection.query(
      'ALTER TABLE users MODIFY email VARCHAR(300) NULL, ADD COLUMN shop_ref INT NULL, ADD KEY refs (shop_ref)',
    )
    await connection.query('ALTER TABLE conversations DROP KEY conversations_closed')
    const log: string[] = []
    await prepareDatabase(address, (line) => log.push(line))
    expect(log).toEqual([
      'The tables were changed: users.email is varchar(300) utf8mb4_unicode_ci NULL; it must be varchar(254) utf8mb4_unicode_ci NULL.',
      'The tables were changed: conversations has no key conversations_closed (status, closed_at, id).',
    ])
  })
})
