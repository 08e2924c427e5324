// Writes changed conversations back under their locks.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Transaction } from '../core/database.ts'
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
  reopenedSeq: 'reopened_seq',
  reopenedAt: 'reopened_at',
  updatedAt: 'updated_at',
  changedAt: 'changed_at',
} as const satisfies Partial<Record<keyof ConversationState, string>>

type SavedKey = keyof typeof columnOf
const savedColumns = Object.entries(columnOf) as [SavedKey, string][]
const counts = ['lastSeq', 'version', 'customerUnread', 'agentUnread'] as const
const isCount = (key: SavedKey): key is CountKey => (counts as readonly SavedKey[]).includes(key)
const times = new Set<SavedKey>([
  'customerReadAt',
  'agentReadAt',
  'queuedAt',
  'closedAt',
  'reopenedAt',
  'updatedAt',
  'changedAt',
])

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

export type CountKey = (typeof counts)[number]

/** The increment of a counter if it is the same in all rows, as with one message each. */
export function commonIncrement(key: SavedKey, changes: readonly ConversationChanges[]): number | undefined {
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

export function floorToResolution(now: string): string {
  if (lastFloor.now !== now)
    lastFloor = { now, floor: new Date(Date.parse(now) - serverLimits.timestampResolutionMs).toISOString() }
  return lastFloor.floor
}

const toSqlValue = (key: SavedKey, value: ConversationState[SavedKey]) =>
  times.has(key) && value !== null ? new Date(value) : value
