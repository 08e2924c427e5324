// npm run erase-customer removes everything about one person, beside running nodes, and says what it removed.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Tables } from '#db/core/database.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { uploadAttachment } from '../../server/attachments/upload-attachment.ts'
import { eraseCustomer } from '../../server/customers/erase-customer.ts'
import { runHousekeeping } from '../../server/customers/housekeeping.ts'
import { png } from '../attachments/corpus.ts'
import { storedFiles, uploaded } from '../attachments/uploads.ts'
import { loopback, startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import { runCommand } from '../support/server-process.ts'

const mark = 'mei-lin-of-lane-9'

/** Every table. `erased`: an erasure deletes or empties the customer's rows. A new table needs an entry here. */
const tables: Record<keyof Tables, 'erased' | 'holds nothing of a customer'> = {
  sites: 'holds nothing of a customer',
  users: 'erased',
  conversations: 'erased',
  messages: 'erased',
  attachments: 'erased',
  agent_status: 'erased',
  nodes: 'holds nothing of a customer',
  agent_connections: 'erased',
  login_sessions: 'erased',
  customer_sessions: 'erased',
  erased_conversations: 'holds nothing of a customer',
  list_versions: 'holds nothing of a customer',
  database_epoch: 'holds nothing of a customer',
  schema_migrations: 'holds nothing of a customer',
}

describe('erasing a customer', () => {
  let app: TestApp
  /** A second node without a bus: it learns of the erasure from the database alone. */
  let other: TestApp
  beforeAll(async () => {
    app = await startTestApp()
    other = await startTestApp({ restartOf: app })
  })
  afterAll(async () => {
    await other.stop()
    await app.stop()
  })

  const erase = (...args: string[]) =>
    runCommand('erase-customer', args, app.config.dataDir, { DATABASE_URL: app.database.url, LOG_LEVEL: 'silent' })

  /** A customer with text in every place that takes some, an image of each side and an unsent file. */
  async function newPerson() {
    const account = await app.newCustomer({ name: mark, email: `${mark}@example.com` })
    await app.db.updateTable('users').set({ external_id: mark, language: 'en' }).where('id', '=', account.id).execute()
    const agentAccount = await app.newAgent()
    const [customer, agent] = [await account.connect(), await agentAccount.connect()]
    const { conversation } = await customer.request('conversation:start', {
      subject: mark,
      page: { url: `https://shop.example/${mark}`, title: mark },
      message: { clientMessageId: 'first', content: mark },
    })
    await agent.request('conversation:claim', { conversationId: conversation.id })
    for (const [sender, client] of [
      [account, customer],
      [agentAccount, agent],
    ] as const) {
      const image = await uploaded(app, sender, await png(), `${mark}.png`)
      await client.request('message:send', {
        conversationId: conversation.id,
        clientMessageId: `image-${sender.id}`,
        type: 'image',
        content: mark,
        attachmentId: image.id,
      })
    }
    await uploaded(app, account, mark, `${mark}.txt`)
    await customer.request('message:mark-read', { conversationId: conversation.id, seq: 3 })
    return { account, customer, agent, agentAccount, conversationId: conversation.id }
  }

  /** Rows of the tables that name the customer by id or hold the mark, as `table.column`. */
  async function traces(customerId: number): Promise<string[]> {
    const { rows: columns } = await sql<{ t: string; c: string }>`
      select table_name as t, column_name as c from information_schema.columns where table_schema = database()`.execute(
      app.db,
    )
    const references = await usersReferences()
    const found: string[] = []
    for (const { t, c } of columns) {
      const isReference = references.includes(`${t}.${c}`) || (t === 'users' && c === 'id')
      const condition = isReference
        ? sql`${sql.ref(c)} = ${customerId}`
        : sql`cast(${sql.ref(c)} as char) like ${`%${mark}%`}`
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(t)} where ${condition}`.execute(
        app.db,
      )
      if (Number(rows[0]?.n) > 0) found.push(`${t}.${c}`)
    }
    return found.sort()
  }

  async function usersReferences(): Promise<string[]> {
    const { rows } = await sql<{ t: string; c: string }>`
      select table_name as t, column_name as c from information_schema.key_column_usage
      where table_schema = database() and referenced_table_name = 'users'`.execute(app.db)
    return rows.map(({ t, c }) => `${t}.${c}`)
  }

  it('[EC2] has a decision about every table, and erases in each one that refers to a person', async () => {
    const { rows } = await sql<{ t: string }>`
      select table_name as t from information_schema.tables where table_schema = database()`.execute(app.db)
    expect(rows.map(({ t }) => t).sort()).toEqual(Object.keys(tables).sort())
    const referring = new Set((await usersReferences()).map((column) => column.split('.')[0] as keyof Tables))
    expect([...referring].filter((table) => tables[table] !== 'erased')).toEqual([])
  })

  it('[EC1] [EC3] [EC6] [EV5] F20 leaves no row, no file and no open view of the person, on any node', async () => {
    const before = await storedFiles(app)
    const { account, customer, agent, agentAccount, conversationId } = await newPerson()
    // What only a database from elsewhere holds: a customer who was an agent, and who wrote to somebody else.
    const foreign = await app.startConversation({ message: 'hello' })
    const { version } = await app.db
      .selectFrom('conversations')
      .select('version')
      .where('id', '=', foreign.conversationId)
      .executeTakeFirstOrThrow()
    await app.db
      .insertInto('messages')
      .values({
        conversation_id: foreign.conversationId,
        sender_id: account.id,
        seq: 2,
        client_message_id: 'elsewhere',
        content: mark,
        version: version + 1,
      })
      .execute()
    await app.db
      .updateTable('conversations')
      .set({ last_seq: 2, version: version + 1, agent_read_by: account.id, agent_id: account.id })
      .where('id', '=', foreign.conversationId)
      .execute()
    await app.newSession(account.id, 'agent')
    await app.db.insertInto('agent_status').values({ agent_id: account.id }).execute()
    const node_id = 'f'.repeat(32)
    await app.db
      .insertInto('nodes')
      .values({ id: node_id, label: 'elsewhere', lease_until: new Date(Date.now() + 600_000) })
      .execute()
    await app.db.insertInto('agent_connections').values({ agent_id: account.id, node_id }).execute()
    const held = new Set((await traces(account.id)).map((column) => column.split('.')[0]))
    expect([...held].sort()).toEqual(
      Object.keys(tables)
        .filter((table) => tables[table as keyof Tables] === 'erased')
        .sort(),
    )
    const elsewhere = await other.connect(await app.newAgent())
    const isHis = (event: { conversationId: number }) => event.conversationId === conversationId

    const { code, stdout, stderr } = await erase(`#${account.id}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('1 conversation with 3 messages')
    expect(stdout).toContain('3 uploads: 3 files and 2 thumbnails')
    expect(stdout).toContain('the text of 1 message in conversations of others')
    expect(stdout).toMatch(/What remains:\n {2}backups/)
    expect(stdout).not.toContain(mark)
    expect(await traces(account.id)).toEqual([])
    expect((await storedFiles(app)).sort()).toEqual(before.sort())
    expect((await app.storedMessages(foreign.conversationId)).map(({ content }) => content)).toEqual(['hello', ''])
    await Promise.all([agent.next('conversation:erased', isHis), elsewhere.next('conversation:erased', isHis)])
    expect(await customer.next('connection:closing')).toEqual({ reason: 'revoked' })
    expect(await agent.refused('conversation:open', { conversationId })).toBe('not_found')
    expect((await agentAccount.call('GET', `/conversations/${conversationId}`)).status).toBe(404)

    expect((await erase(String(account.id))).stdout).toBe(
      `There is no customer ${account.id}, or the customer is already erased. Nothing was changed.\n`,
    )
  })

  it('[EC1] keeps everybody else, and does not touch agents', async () => {
    const { account, agentAccount } = await newPerson()
    const neighbour = await app.startConversation({ message: 'a neighbour' })
    expect((await erase(String(agentAccount.id))).stderr).toBe(
      `User ${agentAccount.id} is an agent or admin, not a customer. Nothing was changed.\n`,
    )
    expect((await erase('0')).stderr).toMatch(/^Usage: /)
    expect((await erase()).code).toBe(1)
    expect(await traces(account.id)).not.toEqual([])
    expect((await erase(String(account.id))).code).toBe(0)
    expect((await app.storedMessages(neighbour.conversationId)).map(({ content }) => content)).toEqual(['a neighbour'])
    expect((await agentAccount.call('GET', '/me')).status).toBe(200)
  })

  async function fillHistory(conversationId: number, senderId: number, count: number) {
    const rows = Array.from({ length: count }, (_, index) => ({
      conversation_id: conversationId,
      sender_id: senderId,
      seq: index + 2,
      client_message_id: `m${index}`,
      content: mark,
      version: index + 2,
    }))
    await app.db.insertInto('messages').values(rows).execute()
    await app.db
      .updateTable('conversations')
      .set({ last_seq: count + 1, version: count + 2 })
      .where('id', '=', conversationId)
      .execute()
  }

  it('[EC4] [EC5] deletes in bounded batches, and continues after a crash at any of them', async () => {
    const { account, conversationId } = await newPerson()
    await app.db.deleteFrom('attachments').where('uploader_id', '<>', account.id).execute()
    const second = await app.newSession(account.id, 'customer')
    const client = await second.connect()
    const { conversation } = await client.request('conversation:start', {
      message: { clientMessageId: 'a', content: mark },
    })
    const count = 2 * serverLimits.erasedRows + 1
    await fillHistory(conversation.id, account.id, count)
    const counted = async () => {
      const { n } = await app.db
        .selectFrom('messages')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('conversation_id', 'in', [conversation.id, conversationId])
        .executeTakeFirstOrThrow()
      return Number(n)
    }
    /** Fails like a killed process at the n-th removed file or the n-th transaction. */
    const crashAt = (n: number) => {
      let calls = 0
      const die = () => {
        if (++calls === n) throw new Error('killed')
      }
      return {
        store: {
          async remove(name: string) {
            die()
            return app.attachments.store.remove(name)
          },
        },
        db: new Proxy(app.db, {
          get(target, key) {
            if (key === 'transaction') die()
            const value = Reflect.get(target, key)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
      }
    }
    let before = await counted()
    let crashes = 0
    for (let n = 1; (await traces(account.id)).length > 0; n++) {
      await eraseCustomer(crashAt(n), account.id).catch((error: Error) => expect(error.message).toBe('killed'))
      const now = await counted()
      expect(before - now).toBeLessThanOrEqual(n * serverLimits.erasedRows)
      before = now
      crashes = n
    }
    expect(crashes).toBeGreaterThan(3)
    expect(await counted()).toBe(0)
    expect(await eraseCustomer({ db: app.db, store: app.attachments.store }, account.id)).toBe('unknown')
  })

  it('[EC6] names uploads whose file is elsewhere', async () => {
    const account = await app.newCustomer()
    await uploaded(app, account, 'hello', 'a.txt')
    const { stored_name } = await app.db
      .selectFrom('attachments')
      .select('stored_name')
      .where('uploader_id', '=', account.id)
      .executeTakeFirstOrThrow()
    await app.attachments.store.remove(stored_name)
    expect((await erase(String(account.id))).stdout).toContain(`remove them where they are:\n  ${stored_name}\n`)
  })

  it('[EC1] a customer who is erased in the middle of an upload leaves no file', async () => {
    const before = await storedFiles(app)
    const account = await app.newCustomer()
    const { store } = app.attachments
    const stopped = Promise.withResolvers<void>()
    const resumed = Promise.withResolvers<void>()
    const upload = uploadAttachment(
      {
        ...app,
        attachments: {
          ...app.attachments,
          store: {
            ...store,
            async put(name, path) {
              stopped.resolve()
              await resumed.promise
              await store.put(name, path)
            },
          },
        },
      },
      actorOf(account),
      {
        receive: async () => ({ name: 'a.txt', content: bytes('hello') }),
        signal: new AbortController().signal,
      },
    )
    upload.catch(() => {})
    await stopped.promise
    expect(await eraseCustomer({ db: app.db, store }, account.id)).toMatchObject({ uploads: 1 })
    resumed.resolve()
    await expect(upload).rejects.toMatchObject({ code: 'unauthorized' })
    expect((await storedFiles(app)).sort()).toEqual(before.sort())
  })

  it('[EC3] keeps the ids of erased conversations for a day', async () => {
    await app.db.deleteFrom('erased_conversations').execute()
    onTestFinished(async () => void (await app.db.deleteFrom('erased_conversations').execute()))
    const day = serverLimits.erasedConversationsKeptMs
    await app.db
      .insertInto('erased_conversations')
      .values([
        { conversation_id: 900_001, erased_at: new Date(Date.now() - day - 60_000) },
        { conversation_id: 900_002, erased_at: new Date(Date.now() - day + 60_000) },
      ])
      .execute()
    await runHousekeeping(app)
    const left = await app.db.selectFrom('erased_conversations').select('conversation_id as id').execute()
    expect(left).toEqual([{ id: 900_002 }])
  })
})

const actorOf = ({ id, sessionId }: TestAccount) => ({
  userId: id,
  sessionId,
  role: 'customer' as const,
  name: '',
  siteId: 1,
  address: loopback,
  isEnded: false,
})

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text)
}
