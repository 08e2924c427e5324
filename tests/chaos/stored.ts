// Reads the database with the checker's own SQL, independent of the product's queries.

import type { ChaosDatabase } from './chaos-database.ts'

export interface StoredMessage {
  id: number
  conversationId: number
  senderId: number
  seq: number
  clientMessageId: string
  content: string
  isRead: boolean
  version: number
  createdAt: string
  isFromCustomer: number
}

export interface StoredConversation {
  id: number
  customerId: number
  agentId: number | null
  status: string
  lastSeq: number
  version: number
  customerReadSeq: number
  agentReadSeq: number
  customerUnread: number
  agentUnread: number
}

export interface Stored {
  conversations: StoredConversation[]
  /** Ordered by conversation and seq. */
  messages: StoredMessage[]
  agents: { id: number; status: string; name: string }[]
  /** The complaints of CHECK TABLE. */
  damage: string[]
}

export async function readStored(database: ChaosDatabase): Promise<Stored> {
  const conversations = await database.query<StoredConversation>(
    `SELECT id, customer_id AS customerId, agent_id AS agentId, status, last_seq AS lastSeq, version,
       customer_read_seq AS customerReadSeq, agent_read_seq AS agentReadSeq,
       customer_unread AS customerUnread, agent_unread AS agentUnread FROM conversations ORDER BY id`,
  )
  const messages = await database.query<StoredMessage>(
    `SELECT m.id, m.conversation_id AS conversationId, m.sender_id AS senderId, m.seq, m.client_message_id AS clientMessageId,
       m.content, m.is_read AS isRead, m.version, m.created_at AS createdAt, m.sender_id = c.customer_id AS isFromCustomer
     FROM messages m JOIN conversations c ON c.id = m.conversation_id ORDER BY m.conversation_id, m.seq, m.id`,
  )
  const agents = await database.query<Stored['agents'][number]>(
    'SELECT users.id, status, name FROM agent_status JOIN users ON users.id = agent_id',
  )
  const tables = await database.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE TABLE'",
  )
  const damage: string[] = []
  for (const { name } of tables) {
    const lines = await database.query<{ Msg_type: string; Msg_text: string }>(`CHECK TABLE \`${name}\` EXTENDED`)
    for (const { Msg_type, Msg_text } of lines) {
      if (Msg_type !== 'status' || Msg_text !== 'OK') damage.push(`table ${name}: ${Msg_type} ${Msg_text}`)
    }
  }
  return { conversations, messages, agents, damage }
}
