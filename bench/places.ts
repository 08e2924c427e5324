// Where in a filled shop is read: two hundred places spread over all there is, the same share of each size.

import type { Database } from '#db/core/database.ts'
import type { KeysetPosition } from '#db/core/keyset.ts'
import { selectConversationsInView } from '#db/queries/conversation-records.ts'
import type { ConversationView } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { FillSize } from './fill.ts'

const spots = 200

export interface Places {
  /** Where pages of each view begin; null for the first page. */
  cursors: Record<ConversationView, (string | null)[]>
  /** Conversations in which much was said, a tenth of them very much. */
  talks: { id: number; customerId: number; lastSeq: number; version: number }[]
  /** Two hundred changed at or after this. */
  changedSince: string
  /** Conversations that people have open, two hundred more than one statement asks the heads of. */
  present: number[]
}

/** As Kefu writes it. */
const cursorOf = ({ at, id }: KeysetPosition) => Buffer.from(`${at} ${id}`).toString('base64url')

export async function findPlaces(db: Database, size: FillSize, agentId: number): Promise<Places> {
  const past = size.conversations - size.present
  const open = spots + serverLimits.headsRows
  return {
    cursors: {
      queue: await walk(db, 'queue', agentId),
      mine: await walk(db, 'mine', agentId),
      all: await walk(db, 'all', agentId),
      closed: await closedAt(db, spread(spots, past)),
    },
    talks: await findTalks(db, size, spread(spots, past)),
    changedSince: await findChangedSince(db),
    present: spread(open, size.present).map((id) => past + id),
  }
}

/** So many ids from 1 to `upTo`, at equal distances. */
const spread = (count: number, upTo: number) =>
  Array.from({ length: count }, (_, n) => 1 + Math.floor((n * upTo) / count))

/** Every page of a view. */
async function walk(db: Database, view: ConversationView, agentId: number): Promise<(string | null)[]> {
  const cursors: (string | null)[] = []
  for (let place: KeysetPosition | null | undefined; place !== null; ) {
    cursors.push(place ? cursorOf(place) : null)
    place = (await selectConversationsInView(db, view, agentId, place ?? null, limits.defaultPageSize)).next
  }
  return cursors
}

async function closedAt(db: Database, ids: number[]): Promise<string[]> {
  const rows = await db.selectFrom('conversations').select(['id', 'closed_at as at']).where('id', 'in', ids).execute()
  return rows.map(({ id, at }) => cursorOf({ id, at: at ?? '' }))
}

async function findTalks(db: Database, size: FillSize, from: number[]): Promise<Places['talks']> {
  const talks: Places['talks'] = []
  const longOnes = Math.floor(size.conversations / size.longEvery)
  for (const [index, id] of from.entries()) {
    const isLong = index % 10 === 0
    const longId = size.conversations + 1 - size.longEvery * (1 + (index % longOnes))
    const row = await db
      .selectFrom('conversations')
      .select(['id', 'customer_id as customerId', 'last_seq as lastSeq', 'version'])
      .where('id', '>=', isLong ? longId : id)
      .where('last_seq', '>=', isLong ? size.longLength : 10)
      .orderBy('id')
      .limit(1)
      .executeTakeFirstOrThrow()
    talks.push(row)
  }
  return talks
}

async function findChangedSince(db: Database): Promise<string> {
  const { at } = await db
    .selectFrom('conversations')
    .select('changed_at as at')
    .orderBy('changed_at', 'desc')
    .offset(199)
    .limit(1)
    .executeTakeFirstOrThrow()
  return at
}
