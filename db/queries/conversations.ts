// Conversation rows: their state, locks, inserts, and the feed of recent changes.

import { type ExpressionBuilder, sql } from 'kysely'
import type { ConversationStatus } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago } from '../core/clock.ts'
import { compileOnce } from '../core/compile-once.ts'
import type { Database, Tables, Transaction } from '../core/database.ts'

const stateColumns = [
  'id',
  'customer_id as customerId',
  'agent_id as agentId',
  'site_id as siteId',
  'status',
  'last_seq as lastSeq',
  'version',
  'customer_read_seq as customerReadSeq',
  'customer_read_at as customerReadAt',
  'agent_read_seq as agentReadSeq',
  'agent_read_by as agentReadBy',
  'agent_read_at as agentReadAt',
  'customer_unread as customerUnread',
  'agent_unread as agentUnread',
  'queued_at as queuedAt',
  'closed_at as closedAt',
  'reopened_seq as reopenedSeq',
  'reopened_at as reopenedAt',
  'updated_at as updatedAt',
  'changed_at as changedAt',
] as const

/** The columns of a conversation's own row that use cases change. */
export interface ConversationState {
  id: number
  customerId: number
  agentId: number | null
  siteId: number
  status: ConversationStatus
  lastSeq: number
  version: number
  customerReadSeq: number
  customerReadAt: string | null
  agentReadSeq: number
  agentReadBy: number | null
  agentReadAt: string | null
  customerUnread: number
  agentUnread: number
  queuedAt: string | null
  closedAt: string | null
  /** lastSeq when it was last reopened. */
  reopenedSeq: number
  reopenedAt: string | null
  updatedAt: string
  changedAt: string
}

/** A locked conversation, with data of its customer and agent, whose rows are not locked. */
export interface LockedConversation extends ConversationState {
  /** The database's time. */
  now: string
  /** When the reply with `now` arrived, in milliseconds of performance.now(). */
  receivedAt: number
  /** auto_increment_increment of the session that holds the lock. */
  idStep: number
  customerBlockedAt: string | null
  /**
   * Of the assigned agent: absent after serverLimits.absentAgentMs offline, around before that; null if none or never
   * online.
   */
  agentPresence: 'online' | 'busy' | 'around' | 'absent' | null
}

/** Locks the rows in id order, so that two batches cannot deadlock. */
export async function lockConversations(
  trx: Transaction,
  ids: readonly number[],
): Promise<Map<number, LockedConversation>> {
  const { rows } = await trx.executeQuery(lockStatement(trx, [...new Set(ids)]))
  const receivedAt = performance.now()
  return new Map(rows.map((row) => [row.id, { ...row, receivedAt }]))
}

const lockStatement = compileOnce((db, ids: number[]) =>
  db
    .selectFrom('conversations')
    .select(stateColumns)
    // Subqueries, since FOR UPDATE would also lock joined rows.
    .select((eb) => [
      sql<string>`current_timestamp(3)`.as('now'),
      sql<number>`@@auto_increment_increment`.as('idStep'),
      customerOf(eb).select('blocked_at').as('customerBlockedAt'),
      presenceOfAgent(eb).as('agentPresence'),
    ])
    .where(sql<boolean>`id in (${ids})`)
    .orderBy('id')
    .forUpdate()
    .compile(),
)

type OneConversation = ExpressionBuilder<Tables, 'conversations'>

const customerOf = (eb: OneConversation) =>
  eb.selectFrom('users').whereRef('users.id', '=', 'conversations.customer_id')
// One subquery for both columns, since each costs as much as locking the row.
const presenceOfAgent = (eb: OneConversation) =>
  eb
    .selectFrom('agent_status')
    .whereRef('agent_status.agent_id', '=', 'conversations.agent_id')
    .select(
      sql<'online' | 'busy' | 'around' | 'absent'>`case when agent_status.status <> 'offline' then agent_status.status
        when last_seen > ${ago(serverLimits.absentAgentMs)} then 'around' else 'absent' end`.as('presence'),
    )

export interface VisibleConversation extends ConversationState {
  customerBlockedAt: string | null
}

export function findConversationState(db: Database, id: number): Promise<VisibleConversation | undefined> {
  return db
    .selectFrom('conversations')
    .select(stateColumns)
    .select((eb) => customerOf(eb).select('blocked_at').as('customerBlockedAt'))
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Agents see a conversation from its first message on, or once an agent was assigned. An empty one is in no queue. */
export const isVisibleToAgents = ({
  lastSeq,
  agentId,
  queuedAt,
}: Pick<ConversationState, 'lastSeq' | 'agentId' | 'queuedAt'>) => lastSeq > 0 || agentId !== null || queuedAt !== null

export async function countUnfinishedOfCustomer(trx: Transaction, customerId: number): Promise<number> {
  const { n } = await trx
    .selectFrom('conversations')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('customer_id', '=', customerId)
    .where('closed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return n
}

export async function findConversationIdByClientId(
  trx: Transaction,
  customerId: number,
  clientConversationId: string,
): Promise<number | undefined> {
  const row = await trx
    .selectFrom('conversations')
    .select('id')
    .where('customer_id', '=', customerId)
    .where('client_conversation_id', '=', clientConversationId)
    .executeTakeFirst()
  return row?.id
}

export interface NewConversation {
  customerId: number
  siteId: number
  clientConversationId: string | null
  subject: string | null
  page: { url: string; title: string } | null
}

/** Returns the new id. It is in no queue before its first message. */
export async function insertConversation(trx: Transaction, conversation: NewConversation): Promise<number> {
  const { insertId } = await trx
    .insertInto('conversations')
    .values({
      customer_id: conversation.customerId,
      site_id: conversation.siteId,
      client_conversation_id: conversation.clientConversationId,
      subject: conversation.subject,
      page_url: conversation.page?.url ?? null,
      page_title: conversation.page?.title ?? null,
    })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

const ofCustomer = (trx: Transaction, customerId: number) =>
  trx.selectFrom('conversations').select('id').where('customer_id', '=', customerId).orderBy('id', 'desc')

/** The ids of a customer's conversations that are not closed, newest first. */
export async function selectUnfinishedIdsOfCustomer(trx: Transaction, customerId: number): Promise<number[]> {
  const rows = await ofCustomer(trx, customerId).where('closed_at', 'is', null).execute()
  return rows.map(({ id }) => id)
}

/** The same, and those of the newest serverLimits.publishedClosed closed ones. */
export async function selectPublishedIdsOfCustomer(trx: Transaction, customerId: number): Promise<number[]> {
  const unfinished = await selectUnfinishedIdsOfCustomer(trx, customerId)
  const closed = await ofCustomer(trx, customerId)
    .where('closed_at', 'is not', null)
    .limit(serverLimits.publishedClosed)
    .execute()
  return [...unfinished, ...closed.map(({ id }) => id)]
}

/** The ids of an agent's pending conversations, newest first. */
export async function selectPendingIdsOfAgent(db: Database, agentId: number, limit?: number): Promise<number[]> {
  const ofAgent = db.selectFrom('conversations').select('id').where('agent_id', '=', agentId)
  const rows = await ofAgent
    .where('status', '=', 'pending')
    .orderBy('id', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit as number))
    .execute()
  return rows.map(({ id }) => id)
}

export async function countPendingOfAgent(trx: Transaction, agentId: number): Promise<number> {
  const { n } = await trx
    .selectFrom('conversations')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('agent_id', '=', agentId)
    .where('status', '=', 'pending')
    .executeTakeFirstOrThrow()
  return n
}

/** The latest seq and version of each conversation. */
export function selectHeads(db: Database, ids: readonly number[]) {
  return db
    .selectFrom('conversations')
    .select(['id as conversationId', 'last_seq as lastSeq', 'version'])
    .where('id', 'in', ids)
    .execute()
}

export interface ChangedConversation {
  id: number
  version: number
  changedAt: string
}

/** Conversations changed at or after a time of the database's clock, oldest change first. */
export function selectChangedConversations(db: Database, since: string, limit: number): Promise<ChangedConversation[]> {
  return db
    .selectFrom('conversations')
    .select(['id', 'version', 'changed_at as changedAt'])
    .where('changed_at', '>=', sql<string>`${new Date(since)}`)
    .orderBy('changed_at')
    .orderBy('id')
    .limit(limit)
    .execute()
}
