// Reads conversations whole: the record and its newest message.

import type { Database } from '#db/core/database.ts'
import { type ConversationRecord, findConversations } from '#db/queries/conversation-records.ts'
import { selectLastMessages } from '#db/queries/messages.ts'
import type { ConversationWithLastMessage } from './views.ts'

export async function readConversation(db: Database, id: number): Promise<ConversationWithLastMessage | undefined> {
  return (await readConversations(db, [id])).get(id)
}

/** Those that exist, by id. */
export async function readConversations(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, ConversationWithLastMessage>> {
  const read = await withLastMessages(db, await findConversations(db, ids))
  return new Map(read.map((whole) => [whole.record.id, whole]))
}

export async function withLastMessages(
  db: Database,
  records: ConversationRecord[],
): Promise<ConversationWithLastMessage[]> {
  const last = await selectLastMessages(db, records)
  return records.map((record) => ({ record, lastMessage: last.get(record.id) ?? null }))
}
