// The actors of the matrix, the rows of its database, and the events that everybody receives. All texts carry a mark
// that shows a leak wherever it appears.

import { sql } from 'kysely'
import type { Tables } from '#db/core/database.ts'
import { limits } from '#protocol/limits/wire.ts'
import { signAccessToken } from '../../server/auth/tokens.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { type Column, columns, type State } from './permissions.ts'
import type { Subject } from './sample-requests.ts'

/** The mark of texts that only the customer and the agents of a conversation may see. */
export const ownersMark = 'for-the-owner-alone'
/** The mark of texts that agents may see, and customers may not. */
export const staffMark = 'for-agents-alone'

/** Nodes write these by themselves. */
const nodeTables = new Set<string>(['nodes', 'agent_connections', 'schema_migrations'])

export interface MatrixActor {
  account: TestAccount
  client: Client
}

/** Actors with a valid token. */
export type Role = Exclude<Column, 'nobody'>

export interface MatrixFixture {
  app: TestApp
  people: Record<Role, MatrixActor>
  /** Invalid tokens by their defect. */
  badTokens: Record<string, string | undefined>
  /** Creates subjects, each with its own conversation in that state; null means that no conversation is pending. */
  newSubjects(count: number, state: State | null): Promise<Subject[]>
  /** The customer of a subject that does not belong to the shared owner. */
  ownerOf(subject: Subject): Promise<MatrixActor>
  /** One subject per state, of the shared owner. */
  shared: Record<State, Subject>
  /** Every row that a request could change. */
  rows(): Promise<Record<string, unknown[]>>
}

export async function createMatrixFixture(): Promise<MatrixFixture> {
  const app = await startTestApp()
  const { db } = app
  const connectActor = async (account: TestAccount): Promise<MatrixActor> => {
    const client = await account.connect()
    // The reply comes after the connection setup, so that no event of the setup arrives later.
    await client.request('conversation:list', {})
    return { account, client }
  }
  const customer = async () => connectActor(await app.newCustomer({ email: `${staffMark}@example.com` }))
  const agent = async (role: 'agent' | 'admin') => connectActor(await app.newAgent({ role }))
  const people = {
    owner: await customer(),
    stranger: await customer(),
    holder: await agent('agent'),
    colleague: await agent('agent'),
    admin: await agent('admin'),
  }
  const newcomer = await app.newAgent()
  await db
    .updateTable('users')
    .set({ username: sql`concat(${staffMark}, '-', id)`, email: `${staffMark}@example.com` })
    .where('role', '<>', 'customer')
    .execute()
  const site = await db.selectFrom('sites').select('id').where('site_key', '=', app.siteKey).executeTakeFirstOrThrow()
  const image = await png()
  const version = 3
  let words = 0

  async function insertConversations(customerIds: number[], state: State): Promise<number[]> {
    const now = new Date()
    const { insertId } = await db
      .insertInto('conversations')
      .values(
        customerIds.map((customerId) => ({
          customer_id: customerId,
          site_id: site.id,
          status: state,
          agent_id: state === 'open' ? null : people.holder.account.id,
          subject: ownersMark,
          page_url: `https://shop.example/${staffMark}`,
          page_title: staffMark,
          last_seq: 2,
          version,
          customer_unread: 1,
          agent_unread: 1,
          queued_at: state === 'open' ? now : null,
          closed_at: state === 'closed' ? now : null,
        })),
      )
      .executeTakeFirstOrThrow()
    const ids = customerIds.map((_, index) => Number(insertId) + index)
    // Otherwise the reconciler would publish them later.
    for (const id of ids) app.publishedVersions.record('conversations', id, version)
    const said = (conversationId: number, seq: number, senderId: number) => ({
      conversation_id: conversationId,
      sender_id: senderId,
      seq,
      version: seq + 1,
      client_message_id: `said-${seq}`,
      content: ownersMark,
    })
    await db
      .insertInto('messages')
      .values(
        ids.flatMap((id, index) => [said(id, 1, customerIds[index] as number), said(id, 2, people.holder.account.id)]),
      )
      .execute()
    return ids
  }

  async function insertCustomers(count: number): Promise<number[]> {
    const { insertId } = await db
      .insertInto('users')
      .values(Array.from({ length: count }, () => ({ role: 'customer' as const, site_id: site.id })))
      .executeTakeFirstOrThrow()
    return Array.from({ length: count }, (_, index) => Number(insertId) + index)
  }

  const subjectOf = (conversationId: number, customerId: number): Subject => ({
    conversationId,
    customerId,
    attachmentId: 0,
    otherAgentId: newcomer.id,
    otherSessionId: newcomer.sessionId,
    siteId: site.id,
    siteKey: app.siteKey,
    newerToken: '',
    word: `word-${++words}`,
  })

  async function shareOne(state: State): Promise<Subject> {
    const [id = 0] = await insertConversations([people.owner.account.id], state)
    const { id: attachmentId } = await uploaded(app, people.owner.account, image, 'tea.png')
    await db
      .updateTable('attachments')
      .set((eb) => ({
        message_id: eb.selectFrom('messages').select('id').where('conversation_id', '=', id).where('seq', '=', 1),
      }))
      .where('id', '=', attachmentId)
      .execute()
    return { ...subjectOf(id, people.owner.account.id), attachmentId }
  }

  return {
    app,
    people,
    badTokens: await makeBadTokens(app, people),
    shared: { open: await shareOne('open'), pending: await shareOne('pending'), closed: await shareOne('closed') },
    async newSubjects(count, state) {
      if (count === 0) return []
      const customerIds = await insertCustomers(count)
      const ids = await insertConversations(customerIds, state ?? 'pending')
      return ids.map((id, index) => subjectOf(id, customerIds[index] as number))
    },
    ownerOf: async ({ customerId }) => connectActor(await app.newSession(customerId, 'customer')),
    async rows() {
      const tables = (await db.introspection.getTables()).map(({ name }) => name as keyof Tables)
      const read = tables
        .filter((table) => !nodeTables.has(table))
        .map(async (table) => [table, await db.selectFrom(table).selectAll().execute()] as const)
      return Object.fromEntries(await Promise.all(read))
    },
  }
}

async function makeBadTokens(
  app: TestApp,
  { owner, admin }: MatrixFixture['people'],
): Promise<MatrixFixture['badTokens']> {
  const tokenOf = (
    { account }: Pick<MatrixActor, 'account'>,
    audience: 'agent' | 'customer',
    now: () => number = Date.now,
  ): string => signAccessToken({ ...app, now }, { userId: account.id, sessionId: account.sessionId, audience }).token
  const longAgo = () => Date.now() - limits.accessTokenMs
  const ended = { revoked_at: new Date() }
  const revokedOwner = await app.newSession(owner.account.id, 'customer')
  await app.db.updateTable('customer_sessions').set(ended).where('id', '=', revokedOwner.sessionId).execute()
  const revokedAdmin = await app.newSession(admin.account.id, 'agent')
  await app.db.updateTable('login_sessions').set(ended).where('id', '=', revokedAdmin.sessionId).execute()
  const disabled = await app.newAgent({ role: 'admin' })
  await app.db.updateTable('users').set({ disabled_at: new Date() }).where('id', '=', disabled.id).execute()
  return {
    none: undefined,
    malformed: 'not.a.token',
    'expired, of the owner': tokenOf(owner, 'customer', longAgo),
    'expired, of the admin': tokenOf(admin, 'agent', longAgo),
    'revoked, of the owner': revokedOwner.token,
    'revoked, of the admin': revokedAdmin.token,
    'of a disabled admin': disabled.token,
    // Correctly signed, which nobody else can do: a customer's session with the role agent, and one session with the
    // id of another.
    'of a customer as an agent': tokenOf(owner, 'agent'),
    'of somebody else': signAccessToken(app, {
      userId: owner.account.id,
      sessionId: (await app.newCustomer()).sessionId,
      audience: 'customer',
    }).token,
  }
}

export const roles = columns.filter((column) => column !== 'nobody')
