// How conversations that were changed are written back: after a lock, or as far as they are known and refused where that is no more so.

import { type CompiledQuery, type RawBuilder, sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { literalTime } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import { deferred } from '../core/pipelining.ts'
import type { ConversationState, LockedConversation } from './conversations.ts'

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
  for (const { after } of changes) after.changedAt = throttleTimestamp(after.changedAt, after.now)
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
  await sql`${deferred}update conversations set ${sql.join(assignments)} where id in (${ids})`.execute(trx)
}

/**
 * Lets conversations grow by new messages, whose rows nobody has locked: it fails where one is no more at the version that was known, or where
 * `now` is further from the database's time than serverLimits.clockToleranceMs.
 */
export function compareAndAppend(db: Database, changes: readonly ConversationChanges[], now: string): CompiledQuery {
  const ids = changes.map(({ after }) => after.id)
  for (const { after } of changes) after.changedAt = throttleTimestamp(after.changedAt, now)
  const moved = (['updatedAt', 'changedAt'] as const).filter((key) =>
    changes.some(({ before, after }) => before[key] !== after[key]),
  )
  const growth = (key: CountKey): (number | number[])[] => {
    const alike = commonGrowth(key, changes)
    return alike === undefined ? [ids, changes.map(({ before, after }) => after[key] - before[key])] : [alike]
  }
  const seq = growth('lastSeq')
  const unread = (['customerUnread', 'agentUnread'] as const)
    .filter((key) => changes.some(({ before, after }) => after[key] > before[key]))
    .map((key) => ({ key, by: growth(key) }))
  const parameters = [
    ...[offsetBy(now, -serverLimits.clockToleranceMs), offsetBy(now, serverLimits.clockToleranceMs)],
    ...[ids, changes.map(({ before }) => before.version)],
    ...seq,
    ...unread.flatMap(({ by }) => by),
    ...moved.flatMap(() => [literalTime(floorToResolution(now)), literalTime(now)]),
    ...seq,
    ids,
  ]
  const shape = `${seq.length} ${unread.map(({ key, by }) => `${key} ${by.length}`)} ${moved}`
  const known = grown.get(shape) ?? textOfGrowth(seq, unread, moved).compile(db)
  grown.set(shape, known)
  return { ...known, parameters }
}

type CountKey = (typeof counts)[number]

/** By what is to be added: one number for all, or ids and numbers. Few shapes, so each is put together once. */
const grown = new Map<string, CompiledQuery>()

function textOfGrowth(
  seq: unknown[],
  unread: { key: CountKey; by: unknown[] }[],
  moved: ('updatedAt' | 'changedAt')[],
): RawBuilder<unknown> {
  const plus = (by: unknown[]) => (by.length === 1 ? sql`${by[0]}` : sql`elt(field(id, ${by[0]}), ${by[1]})`)
  const assignments = [
    // A column that cannot be null refuses one. The version grows last, as each assignment sees those before it.
    sql`last_seq = if(current_timestamp(3) between ${''} and ${''} and version = elt(field(id, ${[]}), ${[]}), last_seq, null)
      + ${plus(seq)}`,
    ...unread.map(({ key, by }) => sql`${column(key)} = ${column(key)} + ${plus(by)}`),
    ...moved.map((key) => sql`${column(key)} = if(${column(key)} > ${''}, ${column(key)}, ${''})`),
    sql`version = version + ${plus(seq)}`,
  ]
  return sql`update conversations set ${sql.join(assignments)} where id in (${[]})`
}

const column = (key: SavedKey) => sql.ref(columnOf[key])

const offsetBy = (now: string, ms: number) => literalTime(new Date(Date.parse(now) + ms).toISOString())

/** By how much a count grows in all of them alike, as with one message in each. */
function commonGrowth(key: SavedKey, changes: readonly ConversationChanges[]): number | undefined {
  if (!isCount(key)) return undefined
  const [growth = 0, ...others] = changes.map(({ before, after }) => after[key] - before[key])
  return growth > 0 && others.every((other) => other === growth) ? growth : undefined
}

/**
 * A time of a conversation that moves at most every serverLimits.timestampResolutionMs: it stands in indexes, which cost more than the row does when the same
 * conversation changes many times a second.
 */
export const throttleTimestamp = (time: string, now: string) => (time > floorToResolution(now) ? time : now)

/** Of the moment that was asked of last: all of a batch have one, and reading a time costs as much as the rest of what is decided. */
let step = { before: '', is: '' }

function floorToResolution(now: string): string {
  if (step.before !== now)
    step = { before: now, is: new Date(Date.parse(now) - serverLimits.timestampResolutionMs).toISOString() }
  return step.is
}

const stored = (key: SavedKey, value: ConversationState[SavedKey]) =>
  times.has(key) && value !== null ? new Date(value) : value
