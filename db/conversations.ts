// A conversation's own row: its state, locked, changed and saved; and what changed lately.
import { type CompiledQuery, type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import type { ConversationStatus } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import { ago } from './clock.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Database, Tables, Transaction } from './database.ts'
import { withNext } from './packets.ts'

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
  customerBlockedAt: string | null
  /** Of the agent who has it: as told while here, absent when offline for limits.absentAgentMs, until then around; null when there is none, or one never here. */
  agentPresence: 'online' | 'busy' | 'around' | 'absent' | null
}

/** Locks these rows in id order, so that two batches cannot wait for each other. */
export async function lockConversations(
  trx: Transaction,
  ids: readonly number[],
): Promise<Map<number, LockedConversation>> {
  const { rows } = await trx.executeQuery(lockThese(trx, [...new Set(ids)]))
  return new Map(rows.map((row) => [row.id, row]))
}

const lockThese = compiledOnce((db, ids: number[]) =>
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
        when last_seen > ${ago(limits.absentAgentMs)} then 'around' else 'absent' end`.as('presence'),
    )

export function findConversationState(db: Database, id: number): Promise<ConversationState | undefined> {
  return db.selectFrom('conversations').select(stateColumns).where('id', '=', id).executeTakeFirst()
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

const columnOf = {
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
  changedAt: 'changed_at',
} as const satisfies Partial<Record<keyof ConversationState, string>>

type SavedKey = keyof typeof columnOf
const savedColumns = Object.entries(columnOf) as [SavedKey, string][]
const counts = ['lastSeq', 'version', 'customerUnread', 'agentUnread'] as const
const isCount = (key: SavedKey): key is CountKey => (counts as readonly SavedKey[]).includes(key)
const times = new Set<SavedKey>(['customerReadAt', 'agentReadAt', 'queuedAt', 'closedAt', 'updatedAt', 'changedAt'])

/** A state as it was locked, and what it becomes. */
export interface ConversationChanges {
  before: LockedConversation
  after: LockedConversation
}

/**
 * Writes back states that were changed under their locks, in one statement that goes with the next: the columns in which any of them differs.
 * ELT and FIELD take lists, so that the text depends on the columns alone, however many rows there are.
 */
export async function saveConversations(trx: Transaction, changes: readonly ConversationChanges[]): Promise<void> {
  if (changes.length === 0) return
  const ids = changes.map(({ after }) => after.id)
  for (const { after } of changes) after.changedAt = movedOn(after.changedAt, after.now)
  const assignments = savedColumns
    .filter(([key]) => changes.some(({ before, after }) => before[key] !== after[key]))
    .map(([key, column]) => {
      const values = changes.map(({ after }) => stored(key, after[key]))
      // As it is: a change that nobody locked is seen by its version, in which the one before it is lost.
      if (values.length === 1) return sql`${sql.ref(column)} = ${values[0]}`
      const growth = commonGrowth(key, changes)
      if (growth !== undefined) return sql`${sql.ref(column)} = ${sql.ref(column)} + ${growth}`
      return sql`${sql.ref(column)} = elt(field(id, ${ids}), ${values})`
    })
  await sql`${withNext}update conversations set ${sql.join(assignments)} where id in (${ids})`.execute(trx)
}

/**
 * Lets conversations grow by new messages, whose rows nobody has locked: it fails where one is no more at the version that was known. `moves`:
 * whether times may be due to move on (by the database's clock they move only then).
 */
export function growConversations(
  db: Database,
  changes: readonly ConversationChanges[],
  { moves }: { moves: boolean },
): CompiledQuery {
  const ids = changes.map(({ after }) => after.id)
  const growth = (key: CountKey): (number | number[])[] => {
    const alike = commonGrowth(key, changes)
    return alike === undefined ? [ids, changes.map(({ before, after }) => after[key] - before[key])] : [alike]
  }
  const seq = growth('lastSeq')
  const unread = (['customerUnread', 'agentUnread'] as const)
    .filter((key) => changes.some(({ before, after }) => after[key] > before[key]))
    .map((key) => ({ key, by: growth(key) }))
  const parameters = [
    ...[ids, changes.map(({ before }) => before.version)],
    ...seq,
    ...unread.flatMap(({ by }) => by),
    ...seq,
    ids,
  ]
  const shape = `${seq.length} ${unread.map(({ key, by }) => `${key} ${by.length}`)} ${moves}`
  const known = grown.get(shape) ?? textOfGrowth(seq, unread, moves).compile(db)
  grown.set(shape, known)
  return { ...known, parameters }
}

type CountKey = (typeof counts)[number]

/** By what is to be added: one number for all, or ids and numbers. Few shapes, so each is put together once. */
const grown = new Map<string, CompiledQuery>()

function textOfGrowth(seq: unknown[], unread: { key: CountKey; by: unknown[] }[], moves: boolean): RawBuilder<unknown> {
  const plus = (by: unknown[]) => (by.length === 1 ? sql`${by[0]}` : sql`elt(field(id, ${by[0]}), ${by[1]})`)
  const assignments = [
    // A column that cannot be null refuses one. The version grows last, as each assignment sees those before it.
    sql`last_seq = if(version = elt(field(id, ${[]}), ${[]}), last_seq, null) + ${plus(seq)}`,
    ...unread.map(({ key, by }) => sql`${sql.ref(columnOf[key])} = ${sql.ref(columnOf[key])} + ${plus(by)}`),
    ...(moves ? [movedOnByDatabase('updated_at'), movedOnByDatabase('changed_at')] : []),
    sql`version = version + ${plus(seq)}`,
  ]
  return sql`update conversations set ${sql.join(assignments)} where id in (${[]})`
}

const movedOnByDatabase = (column: 'updated_at' | 'changed_at') =>
  sql`${sql.ref(column)} = if(${sql.ref(column)} > ${ago(limits.timeStepMs)}, ${sql.ref(column)}, current_timestamp(3))`

/** By how much a count grows in all of them alike, as with one message in each. */
function commonGrowth(key: SavedKey, changes: readonly ConversationChanges[]): number | undefined {
  if (!isCount(key)) return undefined
  const [growth = 0, ...others] = changes.map(({ before, after }) => after[key] - before[key])
  return growth > 0 && others.every((other) => other === growth) ? growth : undefined
}

/**
 * A time of a conversation that moves at most every limits.timeStepMs: it stands in indexes, which cost more than the row does when the same
 * conversation changes many times a second.
 */
export const movedOn = (time: string, now: string) =>
  Date.parse(now) - Date.parse(time) < limits.timeStepMs ? time : now

const stored = (key: SavedKey, value: ConversationState[SavedKey]) =>
  times.has(key) && value !== null ? new Date(value) : value

/** What people see of a customer has changed, and with it each of the customer's conversations; their ids, newest first. */
export async function touchConversationsOfCustomer(trx: Transaction, customerId: number): Promise<number[]> {
  const ofCustomer = trx.selectFrom('conversations').select('id').where('customer_id', '=', customerId)
  return touchConversations(trx, await ofCustomer.orderBy('id', 'desc').execute())
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
