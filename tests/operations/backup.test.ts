// A backup is the database as it was, to the millisecond and the byte; a restore puts exactly that back or says why not.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type DatabaseEntry, dumpDatabase, restoreDatabase } from '#db/backup.ts'
import { connectDatabase } from '#db/connect.ts'
import { prepareDatabase } from '#db/migrate.ts'
import { connectClient } from '../support/client.ts'
import { createTestDatabase, dropDatabase, newDatabaseUrl } from '../support/database.ts'
import { newDataDir, runCommand, startServer } from '../support/server-process.ts'

async function collect(entries: AsyncIterable<DatabaseEntry>): Promise<DatabaseEntry[]> {
  const all: DatabaseEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

/** MySQL remembers whether a column's character set was written out where its collation says it already. */
async function contentOf(url: string): Promise<DatabaseEntry[]> {
  const spelled = (definition: string) => definition.replace(/ CHARACTER SET \w+(?= COLLATE)/g, '')
  return (await collect(dumpDatabase({ url }))).map((entry) =>
    entry.kind === 'table' ? { ...entry, definition: spelled(entry.definition) } : entry,
  )
}

async function* replay(entries: DatabaseEntry[]): AsyncGenerator<DatabaseEntry> {
  yield* entries
}

const quiet = { force: false, log: () => {} }

/** Rows of every kind of column, and more of them than are written at once. */
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

describe('a backup of the database', () => {
  test('restored elsewhere is the same, and new rows get the ids they would have got', async () => {
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

  test('sees one moment, whatever is written meanwhile', async () => {
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

  test('is not put over rows that are there, unless forced', async () => {
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

  test('is not put into a database that a Kefu is using', async () => {
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

  test('that breaks off half-way, or has lost rows, leaves a database that no Kefu starts on', async () => {
    const from = await createTestDatabase()
    await fill(from.url)
    const dumped = await collect(dumpDatabase(from.address))
    const url = newDatabaseUrl()
    await restoreDatabase(
      { url },
      replay(dumped.slice(0, dumped.findIndex((entry) => entry.kind === 'rows') + 1)),
      quiet,
    )
    await expect(prepareDatabase({ url })).rejects.toThrow()
    const lost = dumped.filter((entry) => entry.kind !== 'rows' || entry.rows.length !== 200)
    await expect(restoreDatabase({ url }, replay(lost), { ...quiet, force: true })).rejects.toThrow('messages has')
    await dropDatabase(url)
    await from.drop()
  })

  test('of a newer version is refused', async () => {
    const newer: DatabaseEntry[] = [{ kind: 'database', migrations: ['9999-later'] }]
    const url = newDatabaseUrl()
    await expect(restoreDatabase({ url }, replay(newer), quiet)).rejects.toThrow('9999-later')
    await dropDatabase(url)
  })
})

describe('the commands', () => {
  test('[AT13] back up beside a running Kefu and restore into a fresh folder, uploads included', async () => {
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
    mkdirSync(join(dataDir, 'uploads', '20'), { recursive: true })
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
    writeFileSync(join(dataDir, 'uploads', '20', 'a.bin'), bytes)
    mkdirSync(join(dataDir, 'uploads', 'incoming'))
    writeFileSync(join(dataDir, 'uploads', 'incoming', 'half'), 'half')

    const file = join(dataDir, 'one.backup.gz')
    expect(await runCommand('backup', [file], dataDir)).toMatchObject({ code: 0, stdout: `${file}\n`, stderr: '' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await runCommand('backup', [file], dataDir)).stderr).toMatch(/is there already/)
    const refused = await runCommand('restore', [file, '--force'], dataDir)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Another Kefu process is using .*\n$/) })
    server.kill('SIGTERM')
    await server.exited
    expect((await runCommand('backup', [], dataDir)).code).toBe(0)
    expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(1)

    const fresh = await newDataDir()
    expect(await runCommand('restore', [file], fresh)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 files'),
    })
    expect(readFileSync(join(fresh, 'uploads', '20', 'a.bin')).equals(bytes)).toBe(true)
    const restored = startServer(fresh, { JWT_SECRET: readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim() })
    const again = await connectClient(await restored.ready(), token)
    const { messages } = await again.request('message:list', { conversationId: conversation.id })
    expect(messages.map(({ content }) => content)).toEqual([message.content])
    again.close()
  })

  test('refuse what is not a whole backup before they touch anything', async () => {
    const dataDir = await newDataDir()
    const entries = [
      '{"kind":"kefu-backup","format":1,"createdAt":""}',
      '{"kind":"database","migrations":[]}',
      '{"kind":"end"}',
    ]
    const whole = gzipSync(entries.join('\n'))
    const broken: [string, Buffer][] = [
      ['text', Buffer.from('hello')],
      ['cut', whole.subarray(0, whole.length - 12)],
      ['without-end', gzipSync(entries.slice(0, 2).join('\n'))],
      ['other', gzipSync('{"kind":"something"}\n{"kind":"end"}')],
      ['not-json', gzipSync('<html>')],
    ]
    expect(gunzipSync(whole).toString()).toContain('end')
    for (const [name, content] of broken) {
      writeFileSync(join(dataDir, name), content)
      const { code, stderr } = await runCommand('restore', [join(dataDir, name)], dataDir)
      expect(stderr).toMatch(/is not a whole backup of Kefu\.\n$/)
      expect(code).toBe(1)
    }
    expect((await runCommand('restore', [], dataDir)).stderr).toMatch(/^Usage: /)
    expect(existsSync(join(dataDir, 'database'))).toBe(false)
  })

  test('reset a password, once, and end the logins of that user', async () => {
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
