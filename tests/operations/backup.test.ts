// A backup holds the exact database of one moment. A restore brings exactly that back or says why not.

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { type DatabaseEntry, dumpDatabase } from '#db/backup/backup.ts'
import { restoreDatabase } from '#db/backup/restore.ts'
import { moveTablesAside } from '#db/backup/tables-aside.ts'
import { connectDatabase, driverOptions } from '#db/core/connect.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { findEpoch, replaceEpoch } from '#db/queries/epoch.ts'
import { createTables, prepareDatabase } from '#db/schema/migrate.ts'
import { migrationNames } from '#db/schema/migration-files.ts'
import { describeDatabase } from '../database/databases.ts'
import { connectClient } from '../support/client.ts'
import { createTestDatabase, dropDatabase, newDatabaseUrl } from '../support/database.ts'
import { newDataDir, runCommand, startServer } from '../support/server-process.ts'

async function collect(entries: AsyncIterable<DatabaseEntry>): Promise<DatabaseEntry[]> {
  const all: DatabaseEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

/** All rows and the table structure, without the sessions that a restore ends. */
async function contentOf(url: string) {
  const connection = await createConnection(driverOptions({ url }))
  const structure = await describeDatabase(connection)
  await connection.end()
  const entries = await collect(dumpDatabase({ url }))
  let table = ''
  return {
    structure,
    entries: entries.filter((entry) => {
      if (entry.kind === 'table') table = entry.name
      return !table.endsWith('_sessions')
    }),
  }
}

async function* replay(entries: DatabaseEntry[]): AsyncGenerator<DatabaseEntry> {
  yield* entries
}

const quiet = { force: false, isUntrusted: false, log: () => {} }

/** Rows with every kind of column, more than one write batch. */
async function fill(url: string): Promise<void> {
  const db = connectDatabase({ url })
  await db
    .insertInto('sites')
    .values({ site_key: 'Key-1', name: '店铺 😀', origins: 'https://a.example\nhttps://b.example', greeting: null })
    .execute()
  const { id: siteId } = await db
    .selectFrom('sites')
    .select('id')
    .where('site_key', '=', 'Key-1')
    .executeTakeFirstOrThrow()
  const userId = 4_294_967_296_123
  await db
    .insertInto('users')
    .values({
      id: userId,
      role: 'customer',
      name: 'O\'Neil \\ "x"',
      site_id: siteId,
      username: null,
      password_hash: null,
      email: null,
    })
    .execute()
  await db
    .insertInto('login_sessions')
    .values({
      user_id: userId,
      token_hash: createHash('sha256').update('a').digest(),
      previous_hash: Buffer.alloc(32),
      expires_at: new Date('2031-02-03T04:05:06.007Z'),
    })
    .execute()
  await db
    .insertInto('customer_sessions')
    .values({
      user_id: userId,
      token_hash: createHash('sha256').update('b').digest(),
      expires_at: new Date('2031-02-03T04:05:06.007Z'),
    })
    .execute()
  await db.insertInto('conversations').values({ id: 7, customer_id: userId, site_id: siteId }).execute()
  const messages = Array.from({ length: 450 }, (_, index) => ({
    conversation_id: 7,
    sender_id: userId,
    seq: index + 1,
    client_message_id: `c-${index}`,
    content: index === 0 ? `零\t${'😀'.repeat(3999)}` : `line\nbreak ${index}`,
    is_read: index % 2 === 0,
    version: index + 1,
  }))
  await db.insertInto('messages').values(messages).execute()
  await db.deleteFrom('messages').where('seq', '=', 450).execute()
  await db.destroy()
}

/** The dump with one cell, row or column of the messages changed. */
function brokenRows(dumped: DatabaseEntry[]): [string, DatabaseEntry[]][] {
  const tableAt = dumped.findIndex((entry) => entry.kind === 'table' && entry.name === 'messages')
  const table = dumped[tableAt]
  const rows = dumped[tableAt + 1]
  if (table?.kind !== 'table' || rows?.kind !== 'rows') throw new Error('the dump has no messages')
  const withEntry = (at: number, entry: DatabaseEntry) => dumped.map((old, index) => (index === at ? entry : old))
  const withCell = (column: string, cell: string | null) => {
    const place = table.columns.findIndex(({ name }) => name === column)
    const [first = [], ...others] = rows.rows
    return withEntry(tableAt + 1, { ...rows, rows: [first.with(place, cell), ...others] })
  }
  return [
    ['a number that is SQL', withCell('seq', '1); DROP TABLE users; --')],
    ['a number that is text', withCell('sender_id', 'one')],
    ['a number with a blank', withCell('sender_id', '1\n')],
    ['an invalid time', withCell('created_at', '2031-13-99 00:00:00.000')],
    ['a time that is SQL', withCell('created_at', "2031-01-01 00:00:00' + SLEEP(9) + '")],
    ['an enum value by its index', withCell('type', '2')],
    ['NULL in a NOT NULL column', withCell('content', null)],
    ['a text that is too long', withCell('client_message_id', 'x'.repeat(65))],
    ['a number that is too large', withCell('seq', '99999999999999999999')],
    ['a duplicate key', withCell('client_message_id', 'c-1')],
    ['a sender who does not exist', withCell('sender_id', '999')],
    ['a row of another width', withEntry(tableAt + 1, { ...rows, rows: [['1']] })],
    ['an extra column', withEntry(tableAt, { ...table, columns: [...table.columns, { name: 'x', isBinary: false }] })],
    ['a missing column', withEntry(tableAt, { ...table, columns: table.columns.slice(1) })],
    ['a column that is SQL', withEntry(tableAt, { ...table, columns: [{ name: 'id`) --', isBinary: false }] })],
    [
      'a column as binary',
      withEntry(tableAt, { ...table, columns: table.columns.map((one) => ({ ...one, isBinary: true })) }),
    ],
    ['a table that Kefu does not have', withEntry(tableAt, { ...table, name: 'mysql' })],
    ['the record of migrations as a table', withEntry(tableAt, { ...table, name: 'schema_migrations' })],
    ['a repeated table', [...dumped.slice(0, -1), table, ...dumped.slice(-1)]],
    ['an invalid next id', withEntry(tableAt, { ...table, nextId: '99999999999999999999' })],
  ]
}

describe('a backup of the database', () => {
  test('[OB24] [DB63] does not bring its epoch back', async () => {
    const from = await createTestDatabase()
    const db = connectDatabase(from.address)
    await inTransaction(db, (trx) => replaceEpoch(trx, null, { epoch: 'e'.repeat(32), server: '' }))
    const dumped = await collect(dumpDatabase(from.address))
    await restoreDatabase(from.address, replay(dumped), { ...quiet, force: true })
    expect(await findEpoch(db)).toBeUndefined()
    await db.destroy()
    await from.drop()
  })

  test('restored elsewhere is identical, and new rows get the next ids', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const dumped = await collect(dumpDatabase(from.address))
    const url = newDatabaseUrl()
    await restoreDatabase({ url }, replay(dumped), quiet)
    await prepareDatabase({ url })
    expect(await contentOf(url)).toEqual(await contentOf(from.url))

    const db = connectDatabase({ url })
    const message = {
      conversation_id: 7,
      sender_id: 4_294_967_296_123,
      seq: 450,
      client_message_id: 'new',
      content: 'x',
      version: 1,
    }
    const { insertId } = await db.insertInto('messages').values(message).executeTakeFirstOrThrow()
    expect(insertId).toBe(451n)
    await db.destroy()
    await dropDatabase(url)
    await from.drop()
  })

  test('is a consistent snapshot while others write', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const db = connectDatabase(from.address)
    const counts: Record<string, number>[] = []
    for await (const entry of dumpDatabase(from.address)) {
      if (entry.kind === 'table' && entry.name === 'conversations') await db.deleteFrom('messages').execute()
      if (entry.kind === 'counts') counts.push(entry.counts)
    }
    expect(counts[0]?.messages).toBe(449)
    await db.destroy()
    await from.drop()
  })

  test('[DB46] [F2] leaves out tables and columns of other programs, so that it can be restored', async () => {
    const source = await createTestDatabase()
    await fill(source.url)
    const connection = await createConnection(driverOptions({ url: source.url }))
    await connection.query('ALTER TABLE users ADD COLUMN shop_ref VARCHAR(20) NULL AFTER id')
    await connection.query('CREATE TABLE shop_orders (id INT PRIMARY KEY)')
    await connection.end()
    const dumped = await collect(dumpDatabase({ url: source.url }))
    const url = newDatabaseUrl()
    await restoreDatabase({ url }, replay(dumped), quiet)
    const again = await collect(dumpDatabase({ url }))
    const users = (entries: DatabaseEntry[]) =>
      entries[entries.findIndex((entry) => 'name' in entry && entry.name === 'users') + 1]
    expect(users(again)).toEqual(users(dumped))
    expect(JSON.stringify(dumped)).not.toContain('shop_')
    await dropDatabase(url)
    await source.drop()
  })

  test('does not replace existing rows, unless forced', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const dumped = await collect(dumpDatabase(from.address))
    const other = await createTestDatabase()
    const db = connectDatabase(other.address)
    await db
      .insertInto('users')
      .values({ role: 'agent', username: 'a', password_hash: 'b', name: 'A', email: null })
      .execute()
    await expect(restoreDatabase(other.address, replay(dumped), quiet)).rejects.toThrow('not empty')
    expect(await db.selectFrom('users').select('username').execute()).toEqual([{ username: 'a' }])
    await restoreDatabase(other.address, replay(dumped), { ...quiet, force: true })
    expect(await contentOf(other.url)).toEqual(await contentOf(from.url))
    await db.destroy()
    await other.drop()
    await from.drop()
  })

  test('is not restored into a database that a Kefu uses', async () => {
    const used = await createTestDatabase()
    const db = connectDatabase(used.address)
    await db
      .insertInto('nodes')
      .values({ id: 'f'.repeat(32), label: 'shop-1', lease_until: new Date(Date.now() + 15_000) })
      .execute()
    await expect(restoreDatabase(used.address, replay([]), { ...quiet, force: true })).rejects.toThrow('shop-1')
    await db.destroy()
    await used.drop()
  })

  test('[OB20] [S17] that fails or is rejected at any point leaves existing rows, keys and structure', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const dumped = await collect(dumpDatabase(from.address))
    const other = await createTestDatabase()
    const db = connectDatabase(other.address)
    await db.insertInto('sites').values({ site_key: 'old', name: 'Old', origins: '' }).execute()
    await db.destroy()
    const before = await contentOf(other.url)
    const rowsAt = dumped.findIndex((entry) => entry.kind === 'rows')
    const damaged: [string, DatabaseEntry[]][] = [
      ['nothing', []],
      ['half of it', dumped.slice(0, rowsAt + 1)],
      ['a missing table', dumped.filter((entry) => entry.kind !== 'table' || entry.name !== 'users')],
      ...brokenRows(dumped),
    ]
    for (const [what, entries] of damaged) {
      const refused = restoreDatabase(other.address, replay(entries), { ...quiet, force: true, isUntrusted: true })
      await expect(refused, what).rejects.toThrow(/^The backup /)
      expect(await contentOf(other.url), what).toEqual(before)
    }
    const late = restoreDatabase(other.address, replay(dumped), {
      ...quiet,
      force: true,
      beforeCommit: () => Promise.reject(new Error('no space for files')),
    })
    await expect(late).rejects.toThrow('no space for files')
    expect(await contentOf(other.url)).toEqual(before)
    await other.drop()
    await from.drop()
  })

  test('[OB20] whose restore was killed is rolled back by the next start, or completed if it was complete', async () => {
    const other = await createTestDatabase()
    await fill(other.url)
    const before = await contentOf(other.url)
    const connection = await createConnection(driverOptions(other.address))
    await moveTablesAside(connection)
    await createTables(connection, migrationNames())
    await prepareDatabase(other.address)
    expect(await contentOf(other.url)).toEqual(before)

    await moveTablesAside(connection)
    await createTables(connection, migrationNames())
    await connection.query('CREATE TABLE before_restore_complete (id INT PRIMARY KEY)')
    await prepareDatabase(other.address)
    const after = await contentOf(other.url)
    expect(after.structure).toEqual(before.structure)
    expect(after.entries.filter((entry) => entry.kind === 'rows')).toEqual([])
    await connection.end()
    await other.drop()
  })

  test('[OB21] of any older schema version is restored as that version and then migrated', async () => {
    const names = migrationNames()
    for (const count of [1, 13, names.length - 1]) {
      const old = newDatabaseUrl()
      const { database, ...server } = driverOptions({ url: old })
      const connection = await createConnection(server)
      await connection.query('CREATE DATABASE ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', [database])
      await connection.query('USE ??', [database])
      await createTables(connection, names.slice(0, count))
      await connection.query("INSERT INTO users (username, password_hash, role) VALUES ('anna', 'x', 'agent')")
      await connection.end()
      const url = newDatabaseUrl()
      const accounts = await restoreDatabase({ url }, dumpDatabase({ url: old }), quiet)
      expect(accounts).toEqual([{ username: 'anna', role: 'agent' }])
      await prepareDatabase({ url: old })
      expect((await contentOf(url)).structure).toEqual((await contentOf(old)).structure)
      await dropDatabase(old)
      await dropDatabase(url)
    }
  })

  test('[OB24] [S18] ends every login on restore, keeps customer sessions, and reuses no session id', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const url = newDatabaseUrl()
    await restoreDatabase({ url }, dumpDatabase(from.address), quiet)
    const db = connectDatabase({ url })
    const logins = await db.selectFrom('login_sessions').select('revoked_at').execute()
    expect(logins).toEqual([{ revoked_at: expect.any(String) }])
    const customers = await db.selectFrom('customer_sessions').select('revoked_at').execute()
    expect(customers).toEqual([{ revoked_at: null }])
    const session = { user_id: 4_294_967_296_123, token_hash: Buffer.alloc(32), expires_at: new Date() }
    for (const table of ['login_sessions', 'customer_sessions'] as const) {
      const { insertId } = await db.insertInto(table).values(session).executeTakeFirstOrThrow()
      expect(insertId).toBeGreaterThan(1_000_000n)
    }
    await db.destroy()
    await dropDatabase(url)
    await from.drop()
  })

  test('[OB21] of a newer version is rejected', async () => {
    const newer: DatabaseEntry[] = [{ kind: 'database', migrations: ['9999-later'] }]
    const url = newDatabaseUrl()
    await expect(restoreDatabase({ url }, replay(newer), quiet)).rejects.toThrow('newer version')
    await dropDatabase(url)
  })
})

describe('the commands', () => {
  test('[AT13] [OB24] [S18] back up a running Kefu and restore into a new folder, uploads included', async () => {
    const dataDir = await newDataDir()
    const env = { ADMIN_PASSWORD: 'a good password' }
    const server = startServer(dataDir, env)
    const url = await server.ready()
    const session = await fetch(`${url}/api/v1/widget/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const { token } = (await session.json()) as { token: string }
    const customer = await connectClient(url, token)
    const message = { clientMessageId: 'one', content: '您好,我想咨询产品问题' }
    const { conversation } = await customer.request('conversation:start', { message })
    customer.close()
    const stored = `20${'a'.repeat(30)}`
    mkdirSync(join(dataDir, 'uploads', '20'), { recursive: true })
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
    writeFileSync(join(dataDir, 'uploads', '20', stored), bytes)
    mkdirSync(join(dataDir, 'uploads', 'incoming'), { recursive: true })
    writeFileSync(join(dataDir, 'uploads', 'incoming', 'half'), 'half')

    const file = join(dataDir, 'one.backup.gz')
    expect(await runCommand('backup', [file], dataDir)).toMatchObject({ code: 0, stdout: `${file}\n`, stderr: '' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await runCommand('backup', [file], dataDir)).stderr).toMatch(/already exists/)
    const refused = await runCommand('restore', [file, '--force'], dataDir)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Another Kefu process is using .*\n$/) })
    server.kill('SIGTERM')
    await server.exited
    expect((await runCommand('backup', [], dataDir)).code).toBe(0)
    expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(1)

    const fresh = await newDataDir()
    const secret = readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim()
    const said = await runCommand('restore', [file], fresh, { BACKUP_KEY: secret })
    expect(said.stdout).toBe(
      `Restored the database and 1 files from ${file}\nAll agents have to sign in again. These can:\n  admin admin\n`,
    )
    expect(said.code).toBe(0)
    expect(readFileSync(join(fresh, 'uploads', '20', stored)).equals(bytes)).toBe(true)
    const restored = startServer(fresh, { JWT_SECRET: secret })
    const again = await connectClient(await restored.ready(), token)
    const { messages } = await again.request('message:list', { conversationId: conversation.id })
    expect(messages.map(({ content }) => content)).toEqual([message.content])
    again.close()
  })

  test("reset a password once and end that user's logins", async () => {
    const dataDir = await newDataDir()
    const server = startServer(dataDir, { ADMIN_PASSWORD: 'a good password' })
    const url = await server.ready()
    const login = (password: string) =>
      fetch(`${url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'admin', password }),
      })
    const before = await login('a good password')
    expect(before.status).toBe(200)
    const { token } = (await before.json()) as { token: string }
    const { code, stdout, stderr } = await runCommand('reset-password', ['Admin'], dataDir)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const password = /: (\S+)\n$/.exec(stdout)?.[1] ?? ''
    expect((await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
    expect((await login('a good password')).status).toBe(401)
    expect((await login(password)).status).toBe(200)
    expect((await runCommand('reset-password', ['nobody'], dataDir)).stderr).toBe(
      'There is no agent or admin called nobody.\n',
    )
  })
})
