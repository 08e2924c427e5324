// Writes changed conversations back: under their lock, or by compare-and-set on `version`.

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

/** A conversation's state before and after a change. */
export interface ConversationChanges {
  before: LockedConversation
  after: LockedConversation
}

/**
 * Writes the changed columns of locked conversations in one deferred statement. ELT and FIELD take lists, so the text
 * depends on the columns but not on the number of rows.
 */
export async function saveConversations(trx: Transaction, changes: readonly ConversationChanges[]): Promise<void> {
  if (changes.length === 0) return
  const ids = changes.map(({ after }) => after.id)
  for (const { after } of changes) after.changedAt = throttleTimestamp(after.changedAt, after.now)
  const assignments = savedColumns
    .filter(([key]) => changes.some(({ before, after }) => before[key] !== after[key]))
    .map(([key, column]) => {
      const values = changes.map(({ after }) => toSqlValue(key, after[key]))
      // An absolute value, not an increment, so that the version reveals a write that bypassed the lock.
      if (values.length === 1) return sql`${sql.ref(column)} = ${values[0]}`
      const increment = commonIncrement(key, changes)
      if (increment !== undefined) return sql`${sql.ref(column)} = ${sql.ref(column)} + ${increment}`
      return sql`${sql.ref(column)} = elt(field(id, ${ids}), ${values})`
    })
  await sql`${deferred}update conversations set ${sql.join(assignments)} where id in (${ids})`.execute(trx)
}

/**
 * Compare-and-set for new messages, without row locks. The statement fails if any version differs from the cached one,
 * or if `now` is more than serverLimits.clockToleranceMs off the database's clock.
 */
export function compareAndAppend(db: Database, changes: readonly ConversationChanges[], now: string): CompiledQuery {
  const ids = changes.map(({ after }) => after.id)
  for (const { after } of changes) after.changedAt = throttleTimestamp(after.changedAt, now)
  const moved = (['updatedAt', 'changedAt'] as const).filter((key) =>
    changes.some(({ before, after }) => before[key] !== after[key]),
  )
  const increment = (key: CountKey): (number | number[])[] => {
    const common = commonIncrement(key, changes)
    return common === undefined ? [ids, changes.map(({ before, after }) => after[key] - before[key])] : [common]
  }
  const seq = increment('lastSeq')
  const unread = (['customerUnread', 'agentUnread'] as const)
    .filter((key) => changes.some(({ before, after }) => after[key] > before[key]))
    .map((key) => ({ key, by: increment(key) }))
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
  const compiled = compiledByShape.get(shape) ?? appendStatement(seq, unread, moved).compile(db)
  compiledByShape.set(shape, compiled)
  return { ...compiled, parameters }
}

type CountKey = (typeof counts)[number]

/** Compiled statements by shape: per column, one increment for all rows or one per row. There are few shapes. */
const compiledByShape = new Map<string, CompiledQuery>()

function appendStatement(
  seq: unknown[],
  unread: { key: CountKey; by: unknown[] }[],
  moved: ('updatedAt' | 'changedAt')[],
): RawBuilder<unknown> {
  const plus = (by: unknown[]) => (by.length === 1 ? sql`${by[0]}` : sql`elt(field(id, ${by[0]}), ${by[1]})`)
  const assignments = [
    // NULL in a NOT NULL column makes the statement fail. Assign version last, since each assignment sees those before
    // it.
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

/** The increment of a counter if it is the same in all rows, as with one message each. */
function commonIncrement(key: SavedKey, changes: readonly ConversationChanges[]): number | undefined {
  if (!isCount(key)) return undefined
  const [first = 0, ...others] = changes.map(({ before, after }) => after[key] - before[key])
  return first > 0 && others.every((other) => other === first) ? first : undefined
}

/**
 * Advances a timestamp at most every serverLimits.timestampResolutionMs. It is indexed, and index updates cost more
 * than the row update when a conversation changes many times a second.
 */
export const throttleTimestamp = (time: string, now: string) => (time > floorToResolution(now) ? time : now)

/** Memo of the last result: a batch shares one `now`, and parsing it costs as much as the rest of the decision. */
let lastFloor = { now: '', floor: '' }

function floorToResolution(now: string): string {
  if (lastFloor.now !== now)
    lastFloor = { now, floor: new Date(Date.parse(now) - serverLimits.timestampResolutionMs).toISOString() }
  return lastFloor.floor
}

const toSqlValue = (key: SavedKey, value: ConversationState[SavedKey]) =>
  times.has(key) && value !== null ? new Date(value) : value
