// Conversations that began without a message and never got one. No agent has seen them (isVisibleToAgents), and after a time they are removed.

import { sql } from 'kysely'
import { serverLimits } from '#protocol/limits/server.ts'
import { ago } from '../core/clock.ts'
import type { Database, Transaction } from '../core/database.ts'
import type { KeysetPosition, PageOf } from '../core/keyset.ts'

/** The empty ones among the next serverLimits.housekeepingRows that changed longer than serverLimits.emptyConversationMs ago. */
export async function selectEmptyConversations(db: Database, after: KeysetPosition): Promise<PageOf<number>> {
  const changedAt = sql<string>`${new Date(after.at)}`
  const rows = await db
    .selectFrom('conversations')
    .select(['id', 'changed_at as at', 'last_seq as lastSeq'])
    .where('changed_at', '<', ago(serverLimits.emptyConversationMs))
    .where((eb) =>
      eb.or([eb('changed_at', '>', changedAt), eb.and([eb('changed_at', '=', changedAt), eb('id', '>', after.id)])]),
    )
    .orderBy('changed_at')
    .orderBy('id')
    .limit(serverLimits.housekeepingRows)
    .execute()
  return {
    items: rows.filter(({ lastSeq }) => lastSeq === 0).map(({ id }) => id),
    next: rows.length < serverLimits.housekeepingRows ? null : (rows.at(-1) ?? null),
  }
}

/** Removes those that are still empty; the lock on the row keeps a first message away. What others hold stays for the next run. */
export async function deleteEmptyConversations(trx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const empty = await trx
    .selectFrom('conversations')
    .select('id')
    .where('id', 'in', ids)
    .where('last_seq', '=', 0)
    .where('agent_id', 'is', null)
    .where('queued_at', 'is', null)
    .where('changed_at', '<', ago(serverLimits.emptyConversationMs))
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .execute()
  if (empty.length === 0) return
  await trx
    .deleteFrom('conversations')
    .where(
      'id',
      'in',
      empty.map(({ id }) => id),
    )
    .execute()
}
