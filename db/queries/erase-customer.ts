// Deletes everything about one customer, in batches that a crash may interrupt anywhere. Conversations that are gone
// leave their ids in erased_conversations, for nodes that have them on a screen.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago, now } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'

/**
 * Ends the sessions and empties the customer's row, so that nothing new arrives. Returns undefined without such a
 * customer.
 */
export async function closeCustomer(
  trx: Transaction,
  customerId: number,
): Promise<{ sessions: number; role: string } | undefined> {
  const user = await trx.selectFrom('users').select('role').where('id', '=', customerId).forUpdate().executeTakeFirst()
  if (user === undefined) return undefined
  if (user.role !== 'customer') return { sessions: 0, role: user.role }
  const { numDeletedRows } = await trx
    .deleteFrom('customer_sessions')
    .where('user_id', '=', customerId)
    .executeTakeFirstOrThrow()
  await trx
    .updateTable('users')
    .set({
      name: '',
      username: null,
      password_hash: null,
      email: null,
      language: null,
      external_id: null,
      is_name_verified: false,
      is_email_verified: false,
      blocked_at: now,
    })
    .where('id', '=', customerId)
    .execute()
  return { sessions: Number(numDeletedRows), role: user.role }
}

export interface StoredUpload {
  id: number
  storedName: string
  isImage: boolean
}

function uploads(db: Database) {
  return db
    .selectFrom('attachments')
    .select((eb) => ['id', 'stored_name as storedName', eb('width', 'is not', null).$castTo<number>().as('isImage')])
}

const asUploads = (rows: { id: number; storedName: string; isImage: number }[]): StoredUpload[] =>
  rows.map((row) => ({ ...row, isImage: Boolean(row.isImage) }))

/** The customer's first conversation that is left. */
export async function findFirstConversation(db: Database, customerId: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('conversations')
    .select('id')
    .where('customer_id', '=', customerId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

/** The oldest messages that are left of a conversation, at most serverLimits.erasedRows, with their uploads. */
export async function selectErasedMessages(
  db: Database,
  conversationId: number,
): Promise<{ ids: number[]; uploads: StoredUpload[] }> {
  const messages = await db
    .selectFrom('messages')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .orderBy('seq')
    .limit(serverLimits.erasedRows)
    .execute()
  const ids = messages.map(({ id }) => id)
  if (ids.length === 0) return { ids, uploads: [] }
  return { ids, uploads: asUploads(await uploads(db).where('message_id', 'in', ids).execute()) }
}

/** Deletes these messages with the rows of their uploads, and the conversation with its last message. */
export async function deleteMessages(
  trx: Transaction,
  conversationId: number,
  ids: readonly number[],
): Promise<{ isConversationGone: boolean }> {
  // No message is added under this lock. A batch that was planned before fails, since the version has changed.
  await trx
    .updateTable('conversations')
    .set((eb) => ({
      status: 'closed' as const,
      agent_id: null,
      queued_at: null,
      client_conversation_id: null,
      subject: null,
      page_url: null,
      page_title: null,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', conversationId)
    .execute()
  if (ids.length > 0) {
    await trx.deleteFrom('attachments').where('message_id', 'in', ids).execute()
    await trx.deleteFrom('messages').where('id', 'in', ids).execute()
  }
  await trx
    .insertInto('erased_conversations')
    .values({ conversation_id: conversationId })
    .onDuplicateKeyUpdate({ erased_at: now })
    .execute()
  const left = await trx
    .selectFrom('messages')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .limit(1)
    .executeTakeFirst()
  if (left !== undefined) return { isConversationGone: false }
  await trx.deleteFrom('conversations').where('id', '=', conversationId).execute()
  return { isConversationGone: true }
}

/** The customer's uploads, at most serverLimits.erasedRows. */
export async function selectUploadsOf(db: Database, customerId: number): Promise<StoredUpload[]> {
  return asUploads(
    await uploads(db).where('uploader_id', '=', customerId).orderBy('id').limit(serverLimits.erasedRows).execute(),
  )
}

/**
 * Empties the customer's messages in conversations of others, at most serverLimits.erasedRows; returns how many. Kefu
 * writes no such message, but a database that it took over may hold some. Their seqs must stay.
 */
export async function emptyForeignMessages(trx: Transaction, customerId: number): Promise<number> {
  const rows = await trx
    .selectFrom('messages')
    .select('id')
    .where('sender_id', '=', customerId)
    .limit(serverLimits.erasedRows)
    .execute()
  if (rows.length === 0) return 0
  const { numUpdatedRows } = await trx
    .updateTable('messages')
    .set({
      content: '',
      type: 'text',
      client_message_id: sql<string>`concat('erased-', messages.id)`,
      sender_id: sql<number>`(select customer_id from conversations where conversations.id = messages.conversation_id)`,
    })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .executeTakeFirstOrThrow()
  return Number(numUpdatedRows)
}

/** Deletes the customer. Fails with a foreign key error if rows have arrived meanwhile. */
export async function deleteCustomer(trx: Transaction, customerId: number): Promise<void> {
  await trx.selectFrom('users').select('id').where('id', '=', customerId).forUpdate().execute()
  await trx.updateTable('conversations').set({ agent_id: null }).where('agent_id', '=', customerId).execute()
  await trx.updateTable('conversations').set({ agent_read_by: null }).where('agent_read_by', '=', customerId).execute()
  await trx.deleteFrom('agent_connections').where('agent_id', '=', customerId).execute()
  await trx.deleteFrom('agent_status').where('agent_id', '=', customerId).execute()
  await trx.deleteFrom('login_sessions').where('user_id', '=', customerId).execute()
  await trx.deleteFrom('customer_sessions').where('user_id', '=', customerId).execute()
  await trx.deleteFrom('users').where('id', '=', customerId).execute()
}

export interface ErasedConversation {
  id: number
  changedAt: string
  /** The time in milliseconds. */
  version: number
}

/** Conversations erased at or after a time of the database's clock, oldest first. */
export async function selectErasedConversations(
  db: Database,
  since: string,
  limit: number,
): Promise<ErasedConversation[]> {
  const rows = await db
    .selectFrom('erased_conversations')
    .select(['conversation_id as id', 'erased_at as changedAt'])
    .where('erased_at', '>=', sql<string>`${new Date(since)}`)
    .orderBy('erased_at')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ ...row, version: Date.parse(row.changedAt) }))
}

/** Deletes up to serverLimits.housekeepingRows ids that every node has published; returns how many. */
export async function deleteErasedConversations(trx: Transaction): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom('erased_conversations')
    .where('erased_at', '<', ago(serverLimits.erasedConversationsKeptMs))
    .limit(serverLimits.housekeepingRows)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
