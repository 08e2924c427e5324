// Every event the server tells, with its data, and to whom it can be told. server/realtime/publish.ts is the one place
// that emits them.

import type {
  Agent,
  AgentConversation,
  AgentStatusValue,
  Conversation,
  ConversationChange,
  CustomerConversation,
  Message,
  Receipt,
  Role,
} from './entities.ts'

export interface ConversationHead {
  conversationId: number
  lastSeq: number
  version: number
}

export interface TypingChange {
  conversationId: number
  userId: number
  role: Role
  typing: boolean
  /** A customer's unsent text; told to agents only. */
  preview?: string
}

export interface ServerEvents {
  'message:created': Message
  'message:updated': Message
  'receipt:updated': Receipt
  'typing:changed': TypingChange
  'conversation:created': { conversation: Conversation; change: 'created' }
  'conversation:updated': { conversation: Conversation; change: Exclude<ConversationChange, 'created'> }
  'conversation:heads': { heads: ConversationHead[] }
  'agent:status-changed': { agentId: number; status: AgentStatusValue; lastSeen: string }
  /** Name or role changed, or somebody joined; null for who is not one of them any more. */
  'agent:updated': { agentId: number; agent: Agent | null }
  /** To customers: somebody is here to answer, or nobody is. */
  'availability:changed': { available: boolean }
  /** Before the server ends a connection: why. A client that can renew or return does. */
  'connection:closing': { reason: 'expired' | 'revoked' | 'restart' | 'rate_limited' }
}

export type EventName = keyof ServerEvents

export type ConversationOf<R extends Role> = R extends 'customer' ? CustomerConversation : AgentConversation
