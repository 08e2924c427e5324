// Conversations joined with names, paged by view for agents and by customer.

import { type Expression, type ExpressionBuilder, type NotNull, type SqlBool, sql } from 'kysely'
import type { ConversationCounts, ConversationView, Language } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { Database, Tables } from '../core/database.ts'
import type { KeysetPosition, PageWithPositions } from '../core/keyset.ts'
import type { ConversationState } from './conversations.ts'
import { displayName } from './display-name.ts'

/** A conversation with names: everything that agents may see, which is more than the customer may. */
export interface ConversationRecord
  extends Omit<
    ConversationState,
    'customerReadAt' | 'agentReadBy' | 'agentReadAt' | 'reopenedSeq' | 'reopenedAt' | 'changedAt'
  > {
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
  /** One per line. */
  siteOrigins: string
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
      'sites.origins as siteOrigins',
    ])
    .$narrowType<{ customerLanguage: Language | null }>()
}

export function findConversations(db: Database, ids: readonly number[]): Promise<ConversationRecord[]> {
  return records(db).where('conversations.id', 'in', ids).execute()
}

type Condition = ExpressionBuilder<Tables, 'conversations'>

/** isVisibleToAgents in SQL. */
const visibleToAgents = (eb: Condition) =>
  eb.or([
    eb('conversations.last_seq', '>', 0),
    eb('conversations.agent_id', 'is not', null),
    eb('conversations.queued_at', 'is not', null),
  ])

const inView = {
  // queued_at is null until the first message.
  queue: (eb: Condition) =>
    eb.and([eb('conversations.status', '=', 'open'), eb('conversations.queued_at', 'is not', null)]),
  mine: (eb: Condition, agentId: number) =>
    eb.and([eb('conversations.agent_id', '=', agentId), eb('conversations.status', '=', 'pending')]),
  // closed_at instead of status: one equality, so that the index (closed_at, updated_at, id) yields the order.
  all: (eb: Condition) => eb.and([eb('conversations.closed_at', 'is', null), visibleToAgents(eb)]),
  closed: (eb: Condition) => eb.and([eb('conversations.status', '=', 'closed'), visibleToAgents(eb)]),
} as const

type OrderingTime = 'queued_at' | 'updated_at' | 'closed_at'

/** The column that orders each view. Only the queue is oldest first. */
const orderOf = { queue: 'queued_at', mine: 'updated_at', all: 'updated_at', closed: 'closed_at' } as const
const directionOf = (view: ConversationView) => (view === 'queue' ? 'asc' : 'desc')

/** One keyset page of an agent's view. */
export function selectConversationsInView(
  db: Database,
  view: ConversationView,
  agentId: number,
  after: KeysetPosition | null,
  limit: number,
): Promise<PageWithPositions<ConversationRecord>> {
  return selectPage(db, (eb) => inView[view](eb, agentId), orderOf[view], directionOf(view), after, limit)
}

export function selectConversationsOfCustomer(
  db: Database,
  customerId: number,
  after: KeysetPosition | null,
  limit: number,
): Promise<PageWithPositions<ConversationRecord>> {
  return selectPage(db, (eb) => eb('conversations.customer_id', '=', customerId), 'updated_at', 'desc', after, limit)
}

/**
 * Selects the page from one index before joining. In a single join the optimizer may start with the small sites table
 * and sort every conversation. Joined rows arrive in any order, so this sorts them again.
 */
async function selectPage(
  db: Database,
  condition: (eb: Condition) => Expression<SqlBool>,
  time: OrderingTime,
  direction: 'asc' | 'desc',
  after: KeysetPosition | null,
  limit: number,
): Promise<PageWithPositions<ConversationRecord>> {
  const page = db
    .selectFrom('conversations')
    .select(['conversations.id', `conversations.${time} as at`])
    .where(condition)
    .$if(after !== null, (query) => query.where((eb) => isAfter(eb, time, direction, after as KeysetPosition)))
    .orderBy(`conversations.${time}`, direction)
    .orderBy('conversations.id', direction)
    .limit(limit + 1)
    .as('page')
  const rows = await records(db).innerJoin(page, 'page.id', 'conversations.id').select('page.at').execute()
  const [first, second] = direction === 'asc' ? [-1, 1] : [1, -1]
  rows.sort((a, b) => (isBefore(a, b) ? first : second))
  const pageRows = rows.slice(0, limit)
  const items = pageRows.map(({ at: _, ...record }) => record)
  const positions = pageRows.map(({ at, id }) => ({ at: at as string, id }))
  return { items, positions, next: rows.length > limit ? (positions[limit - 1] ?? null) : null }
}

const isBefore = (a: { at: string | null; id: number }, b: { at: string | null; id: number }) =>
  a.at === b.at ? a.id < b.id : String(a.at) < String(b.at)

/** (time, id) after a position, as two index ranges. */
function isAfter(eb: Condition, time: OrderingTime, direction: 'asc' | 'desc', { at, id }: KeysetPosition) {
  const comparison = direction === 'asc' ? '>' : '<'
  const date = sql<string>`${new Date(at)}`
  return eb.or([
    eb(`conversations.${time}`, comparison, date),
    eb.and([eb(`conversations.${time}`, '=', date), eb('conversations.id', comparison, id)]),
  ])
}

/** Rows in each view, counted up to limits.countCap + 1, so that the cost does not grow with history. */
export async function countConversationsInViews(db: Database, agentId: number): Promise<ConversationCounts> {
  const count = (view: ConversationView) =>
    db
      .selectFrom(
        db
          .selectFrom('conversations')
          .select(['conversations.id', 'conversations.agent_unread'])
          .where((eb) => inView[view](eb, agentId))
          // In the view's order, so that it counts the rows that are likely in memory.
          .orderBy(`conversations.${orderOf[view]}`, directionOf(view))
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
      count('mine').where('agent_unread', '>', 0).as('unread'),
    ])
    .$narrowType<{ queue: NotNull; mine: NotNull; all: NotNull; closed: NotNull; unread: NotNull }>()
    .executeTakeFirstOrThrow()
}
