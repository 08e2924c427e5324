// Messages: written in batches, read by seq.

import { type CompiledQuery, sql } from 'kysely'
import type { Message, MessageType } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { literalTime } from '../core/clock.ts'
import { compileOnce } from '../core/compile-once.ts'
import type { Database, Transaction } from '../core/database.ts'
import { isDuplicateKey } from '../core/errors.ts'
import { fitPage } from '../core/keyset.ts'
import { deferred } from '../core/pipelining.ts'
import { withAttachments } from './attachments.ts'
import { displayName } from './display-name.ts'

function messages(db: Database) {
  return db
    .selectFrom('messages')
    .innerJoin('users as sender', 'sender.id', 'messages.sender_id')
    .select([
      'messages.id',
      'messages.conversation_id as conversationId',
      'messages.seq',
      'messages.client_message_id as clientMessageId',
      'messages.sender_id as senderId',
      'sender.role as senderRole',
      displayName('sender').as('senderName'),
      'messages.type',
      'messages.content',
      'messages.is_read as isRead',
      'messages.version',
      'messages.created_at as createdAt',
    ])
}

export interface MessageRange {
  conversationId: number
  /** The newest page below this seq. */
  beforeSeq?: number | undefined
  /** The oldest page above this seq. */
  afterSeq?: number | undefined
  limit: number
  /** The rest of limits.pageBytes for this page; one message always fits. */
  bytes?: number
}

/** A page of history in seq order: after afterSeq, else before beforeSeq, else the newest. */
export async function selectMessages(
  db: Database,
  range: MessageRange,
): Promise<{ messages: Message[]; hasMore: boolean }> {
  const forward = range.afterSeq !== undefined
  const rows = await messages(db)
    .where('messages.conversation_id', '=', range.conversationId)
    .$if(forward, (query) => query.where('messages.seq', '>', range.afterSeq as number))
    .$if(!forward && range.beforeSeq !== undefined, (query) =>
      query.where('messages.seq', '<', range.beforeSeq as number),
    )
    .orderBy('messages.seq', forward ? 'asc' : 'desc')
    .limit(range.limit + 1)
    .execute()
  const fitting = fitPage(rows.slice(0, range.limit), range.bytes)
  const page = await withAttachments(db, fitting)
  return { messages: forward ? page : page.reverse(), hasMore: rows.length > fitting.length }
}

/** Messages up to a seq that changed after a version, in version order. Versions are unique per conversation. */
export async function selectChangedMessages(
  db: Database,
  range: { conversationId: number; upToSeq: number; afterVersion: number; limit: number },
): Promise<{ messages: Message[]; hasMore: boolean }> {
  const rows = await messages(db)
    .where('messages.conversation_id', '=', range.conversationId)
    .where('messages.version', '>', range.afterVersion)
    .where('messages.seq', '<=', range.upToSeq)
    .orderBy('messages.version')
    .limit(range.limit + 1)
    .execute()
  const fitting = fitPage(rows.slice(0, range.limit))
  return { messages: await withAttachments(db, fitting), hasMore: rows.length > fitting.length }
}

/** The newest message of each conversation, by its last seq. */
export async function selectLastMessages(
  db: Database,
  conversations: readonly { id: number; lastSeq: number }[],
): Promise<Map<number, Message>> {
  const nonEmpty = conversations.filter((conversation) => conversation.lastSeq > 0)
  if (nonEmpty.length === 0) return new Map()
  const rows = await messages(db)
    .where((eb) =>
      eb.or(
        nonEmpty.map(({ id, lastSeq }) =>
          eb.and([eb('messages.conversation_id', '=', id), eb('messages.seq', '=', lastSeq)]),
        ),
      ),
    )
    .execute()
  return new Map((await withAttachments(db, rows)).map((message) => [message.conversationId, message]))
}

export interface MessageKey {
  conversationId: number
  senderId: number
  clientMessageId: string
}

/** Those of these messages that are stored already. */
export async function selectExistingMessages(trx: Transaction, keys: readonly MessageKey[]): Promise<Message[]> {
  const rows = await messages(trx)
    .where((eb) =>
      eb.or(
        keys.map((key) =>
          eb.and([
            eb('messages.conversation_id', '=', key.conversationId),
            eb('messages.sender_id', '=', key.senderId),
            eb('messages.client_message_id', '=', key.clientMessageId),
          ]),
        ),
      ),
    )
    .execute()
  return withAttachments(trx, rows)
}

export interface NewMessage extends MessageKey {
  seq: number
  type: MessageType
  content: string
  version: number
  createdAt: string
}

/**
 * Inserts all rows in one statement, whose insertId is the first row's id; idsFrom has the others. The rows are one
 * parameter, so the text never changes.
 */
export const insertMessagesQuery = (db: Database, rows: readonly NewMessage[]): CompiledQuery =>
  insertion(
    db,
    rows.map((row) => [
      row.conversationId,
      row.senderId,
      row.seq,
      row.clientMessageId,
      row.type,
      row.content,
      row.version,
      literalTime(row.createdAt),
    ]),
  )

const insertion = compileOnce((db, values: unknown[][]) =>
  sql`insert into messages (conversation_id, sender_id, seq, client_message_id, type, content, version, created_at)
    values ${values}`.compile(db),
)

/**
 * The ids of the rows of one insert: InnoDB reserves them together if the number of rows is fixed. `step` is the
 * auto_increment_increment of the session that inserts, which a cluster may change at any time.
 */
export const idsFrom = (first: number, step: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index * step)

/** The ids of the rows; undefined, without any insert, if one of them exists. */
export async function insertMessages(
  trx: Transaction,
  rows: readonly NewMessage[],
  step: number,
): Promise<number[] | undefined> {
  try {
    const { insertId } = await trx.executeQuery(insertMessagesQuery(trx, rows))
    return idsFrom(Number(insertId), step, rows.length)
  } catch (error) {
    if (isDuplicateKey(error)) return undefined
    throw error
  }
}

/** The newest seq and version among the stored messages of each conversation. */
export function selectStoredHeads(trx: Transaction, conversationIds: readonly number[]) {
  return trx
    .selectFrom('messages')
    .select((eb) => [
      'conversation_id as conversationId',
      eb.fn.max<number>('seq').as('lastSeq'),
      eb.fn.max<number>('version').as('version'),
    ])
    .where('conversation_id', 'in', conversationIds)
    .groupBy('conversation_id')
    .execute()
}

/** The messages of one side of a conversation in (afterSeq, upToSeq]. */
export interface MessagesOfOneSide {
  conversationId: number
  customerId: number
  side: 'customer' | 'agent'
  afterSeq: number
  upToSeq: number
}

/** Marks them as read, in deferred statements of serverLimits.receiptRows each. */
export async function markMessagesRead(trx: Transaction, range: MessagesOfOneSide): Promise<void> {
  const bySender =
    range.side === 'customer' ? sql`sender_id = ${range.customerId}` : sql`sender_id <> ${range.customerId}`
  for (let from = range.afterSeq; from < range.upToSeq; from += serverLimits.receiptRows) {
    const upTo = Math.min(from + serverLimits.receiptRows, range.upToSeq)
    await sql`${deferred}update messages set is_read = true
      where conversation_id = ${range.conversationId} and seq > ${from} and seq <= ${upTo} and ${bySender}`.execute(trx)
  }
}

/** The number of messages in each range, in one statement. */
export async function countMessages(trx: Transaction, ranges: readonly MessagesOfOneSide[]): Promise<number[]> {
  if (ranges.length === 0) return []
  const counts = await trx
    .selectNoFrom((eb) =>
      ranges.map((range, index) =>
        eb
          .selectFrom('messages')
          .select(eb.fn.countAll<number>().as('n'))
          .where('conversation_id', '=', range.conversationId)
          .where('seq', '>', range.afterSeq)
          .where('seq', '<=', range.upToSeq)
          .where('sender_id', range.side === 'customer' ? '=' : '<>', range.customerId)
          .as(`n${index}`),
      ),
    )
    .executeTakeFirstOrThrow()
  return ranges.map((_, index) => counts[`n${index}`] as number)
}

/** Whether this user has sent a message in the conversation. */
export async function hasWritten(db: Database, conversationId: number, senderId: number): Promise<boolean> {
  const row = await db
    .selectFrom('messages')
    .select(sql<number>`1`.as('one'))
    .where('conversation_id', '=', conversationId)
    .where('sender_id', '=', senderId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
