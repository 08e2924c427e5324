// Where a released conversation belongs in the queue: what its customer has waited for since it began or was reopened.

import type { Database } from '../core/database.ts'

export interface QueuePlace {
  /** The time of the oldest customer message after the last message of an agent. */
  unansweredSince: string | null
  /** Whether an agent has written. */
  isAnswered: boolean
  /** When it was last reopened, or when it started. */
  beganAt: string
}

/** Call it under the locks of these conversations. */
export async function selectQueuePlaces(db: Database, ids: readonly number[]): Promise<Map<number, QueuePlace>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('conversations')
    .select((eb) => [
      'id',
      'reopened_seq as reopenedSeq',
      eb.fn.coalesce('reopened_at', 'created_at').as('beganAt'),
      eb
        .selectFrom('messages')
        .select('seq')
        .whereRef('conversation_id', '=', 'conversations.id')
        .whereRef('seq', '>', 'conversations.reopened_seq')
        .whereRef('sender_id', '<>', 'conversations.customer_id')
        .orderBy('seq', 'desc')
        .limit(1)
        .as('answeredSeq'),
    ])
    .where('id', 'in', ids)
    .execute()
  if (rows.length === 0) return new Map()
  // Every message after the last one of an agent is the customer's.
  const unanswered = await db
    .selectFrom('messages')
    .select(['conversation_id as id', 'created_at as createdAt'])
    .where((eb) =>
      eb.or(
        rows.map(({ id, reopenedSeq, answeredSeq }) =>
          eb.and([eb('conversation_id', '=', id), eb('seq', '=', (answeredSeq ?? reopenedSeq) + 1)]),
        ),
      ),
    )
    .execute()
  const unansweredSince = new Map(unanswered.map(({ id, createdAt }) => [id, createdAt]))
  return new Map(
    rows.map(({ id, answeredSeq, beganAt }) => [
      id,
      { unansweredSince: unansweredSince.get(id) ?? null, isAnswered: answeredSeq !== null, beganAt },
    ]),
  )
}
