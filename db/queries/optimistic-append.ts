// The optimistic append: a compare-and-set of conversations on `version` and `last_seq`, and an insert of their new
// messages, in one round trip without row locks held before.

import type { CompiledQuery } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { literalTime } from '../core/clock.ts'
import type { Database } from '../core/database.ts'
import { type Fragment, fragment, joinFragments } from '../core/fragment.ts'
import { executeInOneRoundTrip } from '../core/transaction.ts'
import {
  type ConversationChanges,
  type CountKey,
  commonIncrement,
  floorToResolution,
  throttleTimestamp,
} from './conversation-changes.ts'
import { idsFrom, insertMessagesQuery, type NewMessage } from './messages.ts'

interface Append {
  conversations: readonly ConversationChanges[]
  rows: readonly NewMessage[]
  /** The time of the messages. */
  now: string
}

/**
 * Returns the plan and the ids of its messages, or null if there is no plan. `plan` runs on a connection that is ready.
 * Rejects, and writes nothing, if a conversation differs from its state before, a
 * message exists already, or `now` is more than serverLimits.clockToleranceMs off the database's clock.
 */
export async function appendInOneRoundTrip<A extends Append>(
  db: Database,
  plan: () => A | null,
): Promise<{ planned: A; ids: number[] } | null> {
  let planned = null as A | null
  const results = await executeInOneRoundTrip(db, () => {
    planned = plan()
    return planned && [compareAndAppend(planned.conversations, planned.now), insertMessagesQuery(db, planned.rows)]
  })
  if (results === null || planned === null) return null
  const [updated, inserted] = results as { insertId: number }[]
  return { planned, ids: idsFrom(Number(inserted?.insertId), Number(updated?.insertId), planned.rows.length) }
}

const columns = {
  customerUnread: fragment`customer_unread`,
  agentUnread: fragment`agent_unread`,
  updatedAt: fragment`updated_at`,
  changedAt: fragment`changed_at`,
}

/** The insertId of its result is the session's auto_increment_increment, which the ids of the messages depend on. */
export function compareAndAppend(changes: readonly ConversationChanges[], now: string): CompiledQuery {
  const ids = changes.map(({ after }) => after.id)
  for (const { after } of changes) after.changedAt = throttleTimestamp(after.changedAt, now)

  const perRow = (values: readonly number[]): Fragment =>
    values.length === 1 ? fragment`${values[0]}` : fragment`elt(field(id, ${ids}), ${values})`
  const increment = (key: CountKey): Fragment => {
    const common = commonIncrement(key, changes)
    return common === undefined
      ? perRow(changes.map(({ before, after }) => after[key] - before[key]))
      : fragment`${common}`
  }
  const unread = (['customerUnread', 'agentUnread'] as const).filter((key) =>
    changes.some(({ before, after }) => after[key] > before[key]),
  )
  const [floor, time] = [literalTime(floorToResolution(now)), literalTime(now)]
  const moved = (['updatedAt', 'changedAt'] as const).filter((key) =>
    changes.some(({ before, after }) => before[key] !== after[key]),
  )
  const isUnchanged = fragment`version = ${perRow(changes.map(({ before }) => before.version))}
    and last_seq = ${perRow(changes.map(({ before }) => before.lastSeq))}`
  const isOnTime = fragment`current_timestamp(3) between ${offsetBy(now, -serverLimits.clockToleranceMs)}
    and ${offsetBy(now, serverLimits.clockToleranceMs)}`
  const newMessages = increment('lastSeq')
  // NULL in a NOT NULL column makes the statement fail. Assign version last, since each assignment sees those before
  // it.
  const assignments = [
    fragment`last_seq = if(${isOnTime} and ${isUnchanged}, last_seq, null) + ${newMessages}`,
    ...unread.map((key) => fragment`${columns[key]} = ${columns[key]} + ${increment(key)}`),
    ...moved.map((key) => {
      const column = columns[key]
      return fragment`${column} = if(${column} > ${floor}, ${column}, ${time})`
    }),
    fragment`version = version + ${newMessages} + 0 * last_insert_id(@@auto_increment_increment)`,
  ]
  return fragment`update conversations set ${joinFragments(assignments)} where id in (${ids})`.compile()
}

const offsetBy = (now: string, ms: number) => literalTime(new Date(Date.parse(now) + ms).toISOString())
