// Kysely's table types; a test compares them with schema.sql. Times are read as ISO strings (connect.ts) and written as
// Date.

import type { ColumnType, Generated, Kysely, Transaction as KyselyTransaction, Selectable } from 'kysely'
import type { AgentStatusValue, ConversationStatus, MessageType, Role, WidgetPosition } from '#protocol/entities.ts'

type Time = ColumnType<string, Date, Date>
type NullableTime = ColumnType<string | null, Date | null | undefined, Date | null>
type GeneratedTime = ColumnType<string, Date | undefined, Date>
type Flag = ColumnType<boolean, boolean | undefined, boolean>

export interface SitesTable {
  id: Generated<number>
  site_key: string
  name: string
  origins: string
  color: Generated<string>
  position: Generated<WidgetPosition>
  greeting: string | null
  identity_secret: Buffer | null
  former_identity_secret: Buffer | null
  identity_secret_made_at: NullableTime
  require_identity: Flag
  created_at: GeneratedTime
}

export interface UsersTable {
  id: Generated<number>
  username: string | null
  password_hash: string | null
  role: Role
  name: Generated<string>
  email: string | null
  language: string | null
  site_id: number | null
  external_id: string | null
  is_name_verified: Flag
  is_email_verified: Flag
  disabled_at: NullableTime
  blocked_at: NullableTime
  list_version: Generated<number>
  created_at: GeneratedTime
}

export interface ConversationsTable {
  id: Generated<number>
  customer_id: number
  agent_id: number | null
  site_id: number
  status: Generated<ConversationStatus>
  client_conversation_id: string | null
  subject: string | null
  page_url: string | null
  page_title: string | null
  last_seq: Generated<number>
  version: Generated<number>
  customer_read_seq: Generated<number>
  customer_read_at: NullableTime
  agent_read_seq: Generated<number>
  agent_read_by: number | null
  agent_read_at: NullableTime
  customer_unread: Generated<number>
  agent_unread: Generated<number>
  queued_at: NullableTime
  closed_at: NullableTime
  reopened_seq: Generated<number>
  reopened_at: NullableTime
  created_at: GeneratedTime
  updated_at: GeneratedTime
  changed_at: GeneratedTime
}

export interface MessagesTable {
  id: Generated<number>
  conversation_id: number
  sender_id: number
  seq: number
  client_message_id: string
  type: Generated<MessageType>
  content: string
  is_read: Flag
  version: number
  created_at: GeneratedTime
}

export interface AttachmentsTable {
  id: Generated<number>
  uploader_id: number
  message_id: number | null
  stored_name: string
  name: string
  mime_type: string
  size: number
  width: number | null
  height: number | null
  created_at: GeneratedTime
}

export interface AgentStatusTable {
  agent_id: number
  status: Generated<AgentStatusValue>
  last_seen: NullableTime
  chosen: Generated<AgentStatusValue>
}

export interface NodesTable {
  id: string
  label: string
  started_at: GeneratedTime
  lease_until: Time
  connections: Generated<number>
  database_node: string | null
}

export interface AgentConnectionsTable {
  agent_id: number
  node_id: string
}

export interface LoginSessionsTable {
  id: Generated<number>
  user_id: number
  user_agent: string | null
  token_hash: Buffer
  previous_hash: Buffer | null
  former_hashes: Buffer | null
  rotated_at: GeneratedTime
  expires_at: Time
  revoked_at: NullableTime
  created_at: GeneratedTime
}

export interface CustomerSessionsTable {
  id: Generated<number>
  user_id: number
  token_hash: Buffer
  previous_hash: Buffer | null
  former_hashes: Buffer | null
  rotated_at: GeneratedTime
  expires_at: Time
  revoked_at: NullableTime
  created_at: GeneratedTime
}

export interface ErasedConversationsTable {
  conversation_id: number
  erased_at: GeneratedTime
}

export interface ListVersionsTable {
  name: string
  version: number
  changed_at: GeneratedTime
}

export interface DatabaseEpochTable {
  id: number
  epoch: string
  server: string
  started_at: GeneratedTime
}

export interface SchemaMigrationsTable {
  name: string
  applied_at: GeneratedTime
}

export interface Tables {
  sites: SitesTable
  users: UsersTable
  conversations: ConversationsTable
  messages: MessagesTable
  attachments: AttachmentsTable
  agent_status: AgentStatusTable
  nodes: NodesTable
  agent_connections: AgentConnectionsTable
  login_sessions: LoginSessionsTable
  customer_sessions: CustomerSessionsTable
  erased_conversations: ErasedConversationsTable
  list_versions: ListVersionsTable
  database_epoch: DatabaseEpochTable
  schema_migrations: SchemaMigrationsTable
}

export type Database = Kysely<Tables>
/**
 * A query function that takes a Transaction must run inside inTransaction; one that takes Database may run in either.
 */
export type Transaction = KyselyTransaction<Tables>
export type ConversationRow = Selectable<ConversationsTable>
