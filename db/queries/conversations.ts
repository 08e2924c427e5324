// A conversation's own row: its state, locked, changed and saved; and what changed lately.
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
  'updated_at as updatedAt',
  'changed_at as changedAt',
] as const

/** A conversation's own row, as it stands under its lock. */
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
  updatedAt: string
  changedAt: string
}

/** A conversation as it stands under its lock, with what is known of the people in it, whose rows are not locked. */
export interface LockedConversation extends ConversationState {
  /** The database's time. */
  now: string
  /** When that was heard, in milliseconds of performance.now(). */
  receivedAt: number
  customerBlockedAt: string | null
  /** Of the agent who has it: as told while here, absent when offline for serverLimits.absentAgentMs, until then around; null: none, or never here. */
  agentPresence: 'online' | 'busy' | 'around' | 'absent' | null
}

/** Locks these rows in id order, so that two batches cannot wait for each other. */
export async function lockConversations(
  trx: Transaction,
  ids: readonly number[],
): Promise<Map<number, LockedConversation>> {
  const { rows } = await trx.executeQuery(lockThese(trx, [...new Set(ids)]))
  const receivedAt = performance.now()
  return new Map(rows.map((row) => [row.id, { ...row, receivedAt }]))
}

const lockThese = compileOnce((db, ids: number[]) =>
  db
    .selectFrom('conversations')
    .select(stateColumns)
    // By subqueries, which lock nothing, where a join would lock the joined rows too.
    .select((eb) => [
      sql<string>`current_timestamp(3)`.as('now'),
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
// One subquery for both, as each costs as much as locking the row.
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

/**
 * Whether agents see it: from its first message on, or since an agent has had it. What is empty waits in no queue, and rings for nobody.
 */
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
  /** At the end of the queue, for one that begins with a message. */
  isQueued: boolean
}

/** The new conversation's id. */
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
      queued_at: conversation.isQueued ? sql`current_timestamp(3)` : null,
    })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

const ofCustomer = (trx: Transaction, customerId: number) =>
  trx.selectFrom('conversations').select('id').where('customer_id', '=', customerId).orderBy('id', 'desc')

/** What people see of a customer has changed, and with it each conversation that is not closed; their ids, newest first. */
export async function touchUnfinishedOfCustomer(trx: Transaction, customerId: number): Promise<number[]> {
  return touchConversations(trx, await ofCustomer(trx, customerId).where('closed_at', 'is', null).execute())
}

/** The same, with the newest of the closed ones, serverLimits.publishedClosed at most. */
export async function touchConversationsOfCustomer(trx: Transaction, customerId: number): Promise<number[]> {
  const unfinished = await ofCustomer(trx, customerId).where('closed_at', 'is', null).execute()
  const closed = await ofCustomer(trx, customerId)
    .where('closed_at', 'is not', null)
    .limit(serverLimits.publishedClosed)
    .execute()
  return touchConversations(trx, [...unfinished, ...closed])
}

/** What customers see of an agent has changed, and with it each conversation in progress; their ids, newest first. */
export async function touchConversationsOfAgent(trx: Transaction, agentId: number): Promise<number[]> {
  const ofAgent = trx.selectFrom('conversations').select('id').where('agent_id', '=', agentId)
  return touchConversations(trx, await ofAgent.where('status', '=', 'pending').orderBy('id', 'desc').execute())
}

async function touchConversations(trx: Transaction, rows: readonly { id: number }[]): Promise<number[]> {
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return []
  await lockConversations(trx, ids)
  await trx
    .updateTable('conversations')
    .set((eb) => ({ version: eb('version', '+', 1), changed_at: sql`current_timestamp(3)` }))
    .where('id', 'in', ids)
    .execute()
  return ids
}

/** The newest seq and version of each, for the heads that subscribed clients are told. */
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

/** What changed at or after a time of the database's clock, in that order. */
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
