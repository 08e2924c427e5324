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
      'customer_id as customerId',
      'reopened_seq as reopenedSeq',
      eb.fn.coalesce('reopened_at', 'created_at').as('beganAt'),
    ])
    .where('id', 'in', ids)
    .execute()
  if (rows.length === 0) return new Map()
  // One subquery each, with literal values: MySQL sorts in a correlated one.
  const answers = await db
    .selectNoFrom((eb) =>
      rows.map(({ id, customerId, reopenedSeq }) =>
        eb
          .selectFrom('messages')
          .select('seq')
          .where('conversation_id', '=', id)
          .where('seq', '>', reopenedSeq)
          .where('sender_id', '<>', customerId)
          .orderBy('seq', 'desc')
          .limit(1)
          .as(`seq${id}`),
      ),
    )
    .executeTakeFirstOrThrow()
  const answeredSeqOf = (id: number) => answers[`seq${id}`] ?? null
  // Every message after the last one of an agent is the customer's.
  const unanswered = await db
    .selectFrom('messages')
    .select(['conversation_id as id', 'created_at as createdAt'])
    .where((eb) =>
      eb.or(
        rows.map(({ id, reopenedSeq }) =>
          eb.and([eb('conversation_id', '=', id), eb('seq', '=', (answeredSeqOf(id) ?? reopenedSeq) + 1)]),
        ),
      ),
    )
    .execute()
  const unansweredSince = new Map(unanswered.map(({ id, createdAt }) => [id, createdAt]))
  return new Map(
    rows.map(({ id, beganAt }) => [
      id,
      { unansweredSince: unansweredSince.get(id) ?? null, isAnswered: answeredSeqOf(id) !== null, beganAt },
    ]),
  )
}
