// Conversations: what a row holds (state, changed under its lock) and what people see of it (record, joined with names).

import { type ExpressionBuilder, type NotNull, sql } from 'kysely'
import type { ConversationCounts, ConversationStatus, ConversationView, Language } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import type { Database, Tables, Transaction } from './database.ts'
import { displayName } from './display-name.ts'
import type { PageOf, Place } from './paging.ts'

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
}

/** A conversation with the names around it: everything either side may see, and more than the customer may. */
export interface ConversationRecord extends Omit<ConversationState, 'customerReadAt' | 'agentReadBy' | 'agentReadAt'> {
  subject: string | null
  pageUrl: string | null
  pageTitle: string | null
  createdAt: string
  customerName: string
  customerEmail: string | null
  customerLanguage: Language | null
  customerBlockedAt: string | null
  customerCreatedAt: string
  agentName: string | null
  siteName: string
}

/** Locks these rows in id order, so that two batches cannot wait for each other, and tells the database's time. */
export async function lockConversations(trx: Transaction, ids: readonly number[]) {
  const rows = await trx
    .selectFrom('conversations')
    .select([...stateColumns, sql<string>`current_timestamp(3)`.as('now')])
    .where('id', 'in', [...new Set(ids)])
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(rows.map(({ now, ...state }) => [state.id, { state: state satisfies ConversationState, now }]))
}

export function findConversationState(db: Database, id: number): Promise<ConversationState | undefined> {
  return db.selectFrom('conversations').select(stateColumns).where('id', '=', id).executeTakeFirst()
}

function records(db: Database) {
  return db
    .selectFrom('conversations')
    .innerJoin('users as customer', 'customer.id', 'conversations.customer_id')
    .innerJoin('sites', 'sites.id', 'conversations.site_id')
    .leftJoin('users as agent', 'agent.id', 'conversations.agent_id')
    .select([
      'conversations.id',
      'conversations.customer_id as customerId',
      'conversations.agent_id as agentId',
      'conversations.site_id as siteId',
      'conversations.status',
      'conversations.subject',
      'conversations.page_url as pageUrl',
      'conversations.page_title as pageTitle',
      'conversations.last_seq as lastSeq',
      'conversations.version',
      'conversations.customer_read_seq as customerReadSeq',
      'conversations.agent_read_seq as agentReadSeq',
      'conversations.customer_unread as customerUnread',
      'conversations.agent_unread as agentUnread',
      'conversations.queued_at as queuedAt',
      'conversations.closed_at as closedAt',
      'conversations.created_at as createdAt',
      'conversations.updated_at as updatedAt',
      displayName('customer').as('customerName'),
      'customer.email as customerEmail',
      'customer.language as customerLanguage',
      'customer.blocked_at as customerBlockedAt',
      'customer.created_at as customerCreatedAt',
      displayName('agent').$castTo<string | null>().as('agentName'),
      'sites.name as siteName',
    ])
    .$narrowType<{ customerLanguage: Language | null }>()
}

export function findConversation(db: Database, id: number): Promise<ConversationRecord | undefined> {
  return records(db).where('conversations.id', '=', id).executeTakeFirst()
}

type Condition = ExpressionBuilder<Tables, 'conversations'>

const inView = {
  queue: (eb: Condition) => eb('conversations.status', '=', 'open'),
  mine: (eb: Condition, agentId: number) =>
    eb.and([eb('conversations.agent_id', '=', agentId), eb('conversations.status', '=', 'pending')]),
  // closed_at and not status: one index equality, so that (closed_at, updated_at, id) gives the order.
  all: (eb: Condition) => eb('conversations.closed_at', 'is', null),
  closed: (eb: Condition) => eb('conversations.status', '=', 'closed'),
} as const

/** The column that orders each view; the queue alone runs oldest first. */
const orderOf = { queue: 'queued_at', mine: 'updated_at', all: 'updated_at', closed: 'closed_at' } as const

/** One page of an agent's view, by keyset: the row after `after` in the view's order. */
export async function listConversationsInView(
  db: Database,
  view: ConversationView,
  agentId: number,
  after: Place | null,
  limit: number,
): Promise<PageOf<ConversationRecord>> {
  const time = `conversations.${orderOf[view]}` as const
  const direction = view === 'queue' ? 'asc' : 'desc'
  const rows = await records(db)
    .where((eb) => inView[view](eb as Condition, agentId))
    .$if(after !== null, (query) => query.where((eb) => behind(eb as Condition, time, direction, after as Place)))
    .orderBy(time, direction)
    .orderBy('conversations.id', direction)
    .limit(limit + 1)
    .execute()
  return pageOf(
    rows,
    limit,
    (row) => ({ queue: row.queuedAt, mine: row.updatedAt, all: row.updatedAt, closed: row.closedAt })[view],
  )
}

export async function listConversationsOfCustomer(
  db: Database,
  customerId: number,
  after: Place | null,
  limit: number,
): Promise<PageOf<ConversationRecord>> {
  const rows = await records(db)
    .where('conversations.customer_id', '=', customerId)
    .$if(after !== null, (query) =>
      query.where((eb) => behind(eb as Condition, 'conversations.updated_at', 'desc', after as Place)),
    )
    .orderBy('conversations.updated_at', 'desc')
    .orderBy('conversations.id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOf(rows, limit, (row) => row.updatedAt)
}

/** (time, id) behind a place, written so that the index range starts at the time. */
function behind(
  eb: Condition,
  time: `conversations.${'queued_at' | 'updated_at' | 'closed_at'}`,
  direction: 'asc' | 'desc',
  { at, id }: Place,
) {
  const [reaches, passes] = direction === 'asc' ? (['>=', '>'] as const) : (['<=', '<'] as const)
  const date = sql<string>`${new Date(at)}`
  return eb.and([eb(time, reaches, date), eb.or([eb(time, passes, date), eb('conversations.id', passes, id)])])
}

function pageOf(
  rows: ConversationRecord[],
  limit: number,
  timeOf: (row: ConversationRecord) => string | null,
): PageOf<ConversationRecord> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const next = rows.length > limit && last ? { at: timeOf(last) ?? last.createdAt, id: last.id } : null
  return { items, next }
}

/** Rows in each view, counted up to limits.countCap + 1 so that a full shop costs no more than a busy one. */
export async function countConversations(db: Database, agentId: number): Promise<ConversationCounts> {
  const count = (view: ConversationView) =>
    db
      .selectFrom(
        db
          .selectFrom('conversations')
          .select('conversations.id')
          .where((eb) => inView[view](eb, agentId))
          .limit(limits.countCap + 1)
          .as('counted'),
      )
      .select((eb) => eb.fn.countAll<number>().as('n'))
  return db
    .selectNoFrom([
      count('queue').as('queue'),
      count('mine').as('mine'),
      count('all').as('all'),
      count('closed').as('closed'),
    ])
    .$narrowType<{ queue: NotNull; mine: NotNull; all: NotNull; closed: NotNull }>()
    .executeTakeFirstOrThrow()
}

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

/** Puts a new conversation at the end of the queue; its id. */
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
      queued_at: sql`current_timestamp(3)`,
    })
    .executeTakeFirstOrThrow()
  return Number(insertId)
}

const savedColumns = {
  agentId: 'agent_id',
  status: 'status',
  lastSeq: 'last_seq',
  version: 'version',
  customerReadSeq: 'customer_read_seq',
  customerReadAt: 'customer_read_at',
  agentReadSeq: 'agent_read_seq',
  agentReadBy: 'agent_read_by',
  agentReadAt: 'agent_read_at',
  customerUnread: 'customer_unread',
  agentUnread: 'agent_unread',
  queuedAt: 'queued_at',
  closedAt: 'closed_at',
  updatedAt: 'updated_at',
} as const satisfies Partial<Record<keyof ConversationState, string>>

const times = new Set<string>(['customerReadAt', 'agentReadAt', 'queuedAt', 'closedAt', 'updatedAt'])

/** Writes back states that were changed under their locks, in one statement. */
export async function saveConversations(trx: Transaction, states: readonly ConversationState[]): Promise<void> {
  if (states.length === 0) return
  const assignments = Object.entries(savedColumns).map(([key, column]) => {
    const whens = states.map((state) => {
      const value = state[key as keyof typeof savedColumns]
      return sql`when ${state.id} then ${times.has(key) && value !== null ? new Date(value) : value}`
    })
    return sql`${sql.ref(column)} = case id ${sql.join(whens, sql` `)} end`
  })
  const ids = sql.join(states.map((state) => state.id))
  await sql`update conversations set ${sql.join(assignments)}, changed_at = current_timestamp(3) where id in (${ids})`.execute(
    trx,
  )
}

/** The newest seq and version of each, for the heads that subscribed clients are told. */
export function listHeads(db: Database, ids: readonly number[]) {
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
export function listChangedConversations(db: Database, since: string, limit: number): Promise<ChangedConversation[]> {
  return db
    .selectFrom('conversations')
    .select(['id', 'version', 'changed_at as changedAt'])
    .where('changed_at', '>=', sql<string>`${new Date(since)}`)
    .orderBy('changed_at')
    .orderBy('id')
    .limit(limit)
    .execute()
}
