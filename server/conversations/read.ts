// Reads conversations whole: the record and its newest message.

import { type ConversationRecord, findConversation } from '#db/conversation-records.ts'
import type { Database } from '#db/database.ts'
import { listLastMessages } from '#db/messages.ts'
import type { WholeConversation } from './view.ts'

export async function readConversation(db: Database, id: number): Promise<WholeConversation | undefined> {
  const record = await findConversation(db, id)
  return record === undefined ? undefined : (await withLastMessages(db, [record]))[0]
}

export async function withLastMessages(db: Database, records: ConversationRecord[]): Promise<WholeConversation[]> {
  const last = await listLastMessages(db, records)
  return records.map((record) => ({ record, lastMessage: last.get(record.id) ?? null }))
}
