// Loads conversations with their last message.

import type { Database } from '#db/core/database.ts'
import { type ConversationRecord, findConversations } from '#db/queries/conversation-records.ts'
import { selectLastMessages } from '#db/queries/messages.ts'
import type { ConversationWithLastMessage } from './views.ts'

export async function loadConversation(db: Database, id: number): Promise<ConversationWithLastMessage | undefined> {
  return (await loadConversations(db, [id])).get(id)
}

/** By id, without those that do not exist. */
export async function loadConversations(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, ConversationWithLastMessage>> {
  const conversations = await withLastMessages(db, await findConversations(db, ids))
  return new Map(conversations.map((conversation) => [conversation.record.id, conversation]))
}

export async function withLastMessages(
  db: Database,
  records: ConversationRecord[],
): Promise<ConversationWithLastMessage[]> {
  const lastMessages = await selectLastMessages(db, records)
  return records.map((record) => ({ record, lastMessage: lastMessages.get(record.id) ?? null }))
}
