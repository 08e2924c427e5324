// A complete Kefu for one test file: its own database, a free port, and logged-in accounts. Tests write and read rows
// by their own SQL.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'kysely'
import { inject } from 'vitest'
import { connectDatabase } from '#db/core/connect.ts'
import type { AgentRole } from '#protocol/entities.ts'
import { createApp, type RunningApp } from '../../server/app.ts'
import { signAccessToken, type TokenAudience } from '../../server/auth/tokens.ts'
import { type Config, loadConfig } from '../../server/process/config.ts'
import { createLog } from '../../server/process/log.ts'
import { groupAddress } from '../../server/shared/client-address.ts'
import { type Client, type ClientOptions, connectClient } from './client.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { assertResponse } from './protocol-checks.ts'

export const loopback = groupAddress('127.0.0.1')

export interface HttpReply {
  status: number
  body: unknown
  headers: Headers
}

/** An account with a valid token. */
export interface TestAccount {
  id: number
  sessionId: number
  token: string
  connect(options?: ClientOptions): Promise<Client>
  /** A call under /api/v1 with this account's token. */
  call(method: string, path: string, body?: unknown): Promise<HttpReply>
}

export interface StartedConversation {
  conversationId: number
  customer: Client
  customerAccount: TestAccount
  agent: Client
  agentAccount: TestAccount
}

export interface TestApp extends RunningApp {
  url: string
  database: TestDatabase
  siteKey: string
  newAgent(options?: { role?: AgentRole; name?: string }): Promise<TestAccount>
  newCustomer(options?: { name?: string; email?: string }): Promise<TestAccount>
  /** Another session of an existing account. */
  newSession(id: number, audience: TokenAudience): Promise<TestAccount>
  /** Connects an account of another node to this one. */
  connect(account: Pick<TestAccount, 'token'>, options?: ClientOptions): Promise<Client>
  /**
   * A customer with a new conversation, without a message unless `message` is given, and an agent who has not claimed
   * it.
   */
  startConversation(options?: { agent?: Client; email?: string; message?: string }): Promise<StartedConversation>
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<HttpReply>
  storedMessages(conversationId: number): Promise<StoredMessage[]>
  /**
   * Changes all messages of a conversation, one version each from last to first, without events: as if they had been
   * lost.
   */
  changeMessages(conversationId: number, content: string): Promise<void>
  /** Makes an agent offline, last seen this long ago. */
  setAgentLastSeen(agentId: number, agoMs: number): Promise<void>
  /** Puts this many conversations without messages into the queue. */
  fillQueue(customerId: number, count: number): Promise<void>
  /** A newer token of the same session. */
  renewedToken(account: TestAccount, audience: TokenAudience): string
  /** Stops the app as SIGTERM does; its clients and database stay. */
  stopServing(): Promise<void>
  /** Ends the app, its clients and its database. */
  stop(): Promise<void>
}

export interface StoredMessage {
  id: number
  seq: number
  version: number
  content: string
  isRead: boolean
  createdAt: string
}

export interface TestAppOptions {
  rateLimits?: boolean
  now?: () => number
  /** Receives the log, one line per call; nothing is logged without it. */
  log?: (line: string) => void
  /** Additional settings, as in the environment. */
  env?: Record<string, string>
  /** Makes this a second node: it shares the first one's database and secrets. End it before the first. */
  node?: { redisUrl: string; beside?: TestApp }
  /** Starts again on the database of an app that may still run, with its secrets or others. End it before that one. */
  restartOf?: TestApp
  jwtSecrets?: readonly string[]
  /** A prepared database on another server, which this app watches as a real process does. The caller drops it. */
  database?: TestDatabase
  /** A folder of built pages, which the test may change. */
  pages?: string
}

export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { redisUrl, beside = options.restartOf } = options.node ?? {}
  const database = options.database ?? beside?.database ?? (await createTestDatabase())
  const jwtSecrets = options.jwtSecrets ?? beside?.jwtSecrets ?? [randomBytes(32).toString('base64url')]
  const dataDir = beside?.config.dataDir ?? mkdtempSync(join(inject('testFolder'), 'app-'))
  const config: Config = {
    ...loadConfig({ LOG_LEVEL: 'silent', NODE_ID: 'test', DATA_DIR: dataDir, ...options.env }),
    rateLimits: options.rateLimits ?? false,
    redisUrl: redisUrl ?? null,
  }
  const db = connectDatabase(database.address, options.database ? { onServerProblem: () => {} } : {})
  const running = await createApp({
    config,
    jwtSecrets,
    db,
    fastSocketIo: inject('fastSocketIo'),
    optimisticAppend: inject('optimisticAppend'),
    log: options.log ? createLog('trace', { write: options.log }) : createLog('silent'),
    ...(options.now ? { now: options.now } : {}),
    ...(options.pages ? { pages: options.pages } : {}),
  })
  await running.http.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(running.http.server.address() as AddressInfo).port}`
  const clients: Client[] = []
  let people = 0
  let serving: Promise<void> | undefined

  const siteKey = randomBytes(12).toString('hex')
  const site = await db
    .insertInto('sites')
    .values({ site_key: siteKey, name: 'Mist & Leaf', origins: 'https://shop.example' })
    .executeTakeFirstOrThrow()

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = text === '' ? null : JSON.parse(text)
    assertResponse(method, path, response.status, parsed)
    return { status: response.status, body: parsed, headers: response.headers }
  }

  async function connect(token: string, options?: ClientOptions): Promise<Client> {
    const client = await connectClient(url, token, options)
    clients.push(client)
    return client
  }

  async function newSession(id: number, audience: TokenAudience): Promise<TestAccount> {
    const { insertId } = await db
      .insertInto(audience === 'customer' ? 'customer_sessions' : 'login_sessions')
      .values({ user_id: id, token_hash: randomBytes(32), expires_at: new Date(Date.now() + 3_600_000) })
      .executeTakeFirstOrThrow()
    const sessionId = Number(insertId)
    const { token } = signAccessToken(running, { userId: id, sessionId, audience })
    return {
      id,
      sessionId,
      token,
      connect: (options) => connect(token, options),
      call: (method, path, body) => call(method, path, body, { authorization: `Bearer ${token}` }),
    }
  }

  const app: TestApp = {
    ...running,
    url,
    database,
    siteKey,
    call,
    newSession,
    async newAgent({ role = 'agent', name = `Agent ${++people}` } = {}) {
      const { insertId } = await db
        .insertInto('users')
        .values({ username: `agent${++people}`, password_hash: 'none', role, name })
        .executeTakeFirstOrThrow()
      return newSession(Number(insertId), 'agent')
    },
    async newCustomer({ name = '', email } = {}) {
      const { insertId } = await db
        .insertInto('users')
        .values({ role: 'customer', name, email: email ?? null, site_id: Number(site.insertId) })
        .executeTakeFirstOrThrow()
      return newSession(Number(insertId), 'customer')
    },
    connect: ({ token }, options) => connect(token, options),
    async startConversation({ agent, email, message } = {}) {
      const customerAccount = await app.newCustomer(email === undefined ? {} : { email })
      const agentAccount = await app.newAgent()
      const customer = await customerAccount.connect()
      const { conversation } = await customer.request('conversation:start', {
        ...(message === undefined ? {} : { message: { clientMessageId: 'begins', content: message } }),
      })
      return {
        conversationId: conversation.id,
        customer,
        customerAccount,
        agent: agent ?? (await agentAccount.connect()),
        agentAccount,
      }
    },
    storedMessages: (conversationId) =>
      db
        .selectFrom('messages')
        .select(['id', 'seq', 'version', 'content', 'is_read as isRead', 'created_at as createdAt'])
        .where('conversation_id', '=', conversationId)
        .orderBy('seq')
        .execute(),
    async changeMessages(conversationId, content) {
      await sql`update messages join conversations on conversations.id = conversation_id
        set content = ${content}, messages.version = conversations.version + last_seq + 1 - seq where conversation_id = ${conversationId}`.execute(
        db,
      )
      await sql`update conversations set version = version + last_seq where id = ${conversationId}`.execute(db)
    },
    async setAgentLastSeen(agentId, agoMs) {
      await db
        .updateTable('agent_status')
        .set({
          status: 'offline',
          last_seen: sql`date_sub(current_timestamp(3), interval ${agoMs * 1000} microsecond)`,
        })
        .where('agent_id', '=', agentId)
        .execute()
    },
    async fillQueue(customerId, count) {
      const rows = Array.from({ length: count }, () => ({
        customer_id: customerId,
        site_id: Number(site.insertId),
        queued_at: sql<Date>`current_timestamp(3)`,
      }))
      await db.insertInto('conversations').values(rows).execute()
    },
    renewedToken({ id, sessionId }, audience) {
      return signAccessToken(running, { userId: id, sessionId, audience }).token
    },
    stopServing() {
      serving ??= running.stop()
      return serving
    },
    async stop() {
      for (const client of clients) client.close()
      await app.stopServing()
      await db.destroy()
      if (beside !== undefined) return
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return app
}
