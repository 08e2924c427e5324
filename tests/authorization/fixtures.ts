// Who asks in the matrix, what stands in the database, and what everybody is told meanwhile. Everything said in the fixtures carries a
// mark, so that whatever leaks can be seen wherever it comes out.

import { sql } from 'kysely'
import { limits } from '#protocol/limits/wire.ts'
import { signAccessToken } from '../../server/auth/tokens.ts'
import { png } from '../attachments/corpus.ts'
import { uploaded } from '../attachments/uploads.ts'
import { startTestApp, type TestAccount, type TestApp } from '../support/app.ts'
import type { Client } from '../support/client.ts'
import { type Column, columns, type State } from './permissions.ts'
import type { Subject } from './sample-requests.ts'

/** Stands in what a conversation's customer and agents may see, and nobody else. */
export const ownersMark = 'for-the-owner-alone'
/** Stands in what agents may see, and no customer. */
export const staffMark = 'for-agents-alone'

export interface Person {
  account: TestAccount
  client: Client
}

/** Those with a good token. */
export type Role = Exclude<Column, 'nobody'>

export interface Stage {
  app: TestApp
  people: Record<Role, Person>
  /** Bad tokens by what is wrong with them. */
  badTokens: Record<string, string | undefined>
  /** What cells are about, each a conversation of its own in that state; none is a pending one. */
  newSubjects(count: number, state: State | null): Promise<Subject[]>
  /** The customer of a subject that is not the shared owner's. */
  ownerOf(subject: Subject): Promise<Person>
  /** One subject a state, of the shared owner. */
  shared: Record<State, Subject>
  /** Every row that a request could change. */
  rows(): Promise<Record<string, unknown[]>>
}

export async function openStage(): Promise<Stage> {
  const app = await startTestApp()
  const { db } = app
  const enter = async (account: TestAccount): Promise<Person> => {
    const client = await account.connect()
    // Answered after the connection has been welcomed, so that nothing of that comes later.
    await client.request('conversation:list', {})
    return { account, client }
  }
  const customer = async () => enter(await app.newCustomer({ email: `${staffMark}@example.com` }))
  const agent = async (role: 'agent' | 'admin') => enter(await app.newAgent({ role }))
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
  const picture = await png()
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
    // Else the comparison with the database would tell of them by and by.
    for (const id of ids) app.told.note(id, version)
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
    const { id: attachmentId } = await uploaded(app, people.owner.account, picture, 'tea.png')
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
    ownerOf: async ({ customerId }) => enter(await app.newSession(customerId, 'customer')),
    async rows() {
      const tables = [
        'users',
        'sites',
        'conversations',
        'messages',
        'attachments',
        'agent_status',
        'login_sessions',
        'customer_sessions',
      ] as const
      const read = tables.map(async (table) => [table, await db.selectFrom(table).selectAll().execute()] as const)
      return Object.fromEntries(await Promise.all(read))
    },
  }
}

async function makeBadTokens(app: TestApp, { owner, admin }: Stage['people']): Promise<Stage['badTokens']> {
  const tokenOf = (
    { account }: Pick<Person, 'account'>,
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
    // Signed by us, which nobody else can: a customer's session shown as an agent's, and one's session with another's id.
    'of a customer as an agent': tokenOf(owner, 'agent'),
    'of somebody else': signAccessToken(app, {
      userId: owner.account.id,
      sessionId: (await app.newCustomer()).sessionId,
      audience: 'customer',
    }).token,
  }
}

export const roles = columns.filter((column) => column !== 'nobody')
