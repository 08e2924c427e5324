// Conversations as people see them: joined with names, in the views of agents and customers, page by page.

import { type ExpressionBuilder, type NotNull, sql } from 'kysely'
import type { ConversationCounts, ConversationView, Language } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import type { ConversationState } from './conversations.ts'
import type { Database, Tables } from './database.ts'
import { displayName } from './display-name.ts'
import type { PageOf, Place } from './paging.ts'

/** A conversation with the names around it: everything either side may see, and more than the customer may. */
export interface ConversationRecord extends Omit<ConversationState, 'customerReadAt' | 'agentReadBy' | 'agentReadAt'> {
  subject: string | null
  pageUrl: string | null
  pageTitle: string | null
  createdAt: string
  customerName: string
  customerExternalId: string | null
  customerEmail: string | null
  isCustomerNameVerified: boolean
  isCustomerEmailVerified: boolean
  customerLanguage: Language | null
  customerBlockedAt: string | null
  customerCreatedAt: string
  agentName: string | null
  siteName: string
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
      'customer.external_id as customerExternalId',
      'customer.email as customerEmail',
      'customer.is_name_verified as isCustomerNameVerified',
      'customer.is_email_verified as isCustomerEmailVerified',
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
