// Every event that the server publishes, with its data. Only server/realtime/publish.ts emits them.

import { type Static, type TProperties, Type } from 'typebox'
import { Agent, Conversation, Message, Receipt, Role, Time } from './entities.ts'
import { AgentStatusValue, Id } from './schemas.ts'

const event = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false })
export const ConversationHead = Type.Object(
  { conversationId: Id, lastSeq: Type.Integer({ minimum: 0 }), version: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false, description: 'The latest seq and version of a conversation.' },
)

export const eventSchemas = {
  'message:created': Message,
  'receipt:updated': Receipt,
  'typing:changed': event({
    conversationId: Id,
    userId: Id,
    role: Role,
    typing: Type.Boolean(),
    preview: Type.Optional(Type.String({ description: "A customer's unsent text. Published only to agents." })),
  }),
  'conversation:created': event({ conversation: Conversation, change: Type.Literal('created') }),
  'conversation:updated': event({
    conversation: Conversation,
    change: Type.Enum([
      'claimed',
      'transferred',
      'released',
      'closed',
      'reopened',
      'message',
      'read',
      'customer',
      'agent',
    ]),
  }),
  'conversation:erased': event({ conversationId: Id }),
  'conversation:heads': event({ heads: Type.Array(ConversationHead) }),
  'epoch:changed': event({ epoch: Type.String({ description: 'Opaque; compare for equality only.' }) }),
  'agent:status-changed': event({ agentId: Id, status: AgentStatusValue, lastSeen: Time }),
  'agent:updated': event({ agentId: Id, agent: Type.Union([Agent, Type.Null()]) }),
  'availability:changed': event({ available: Type.Boolean() }),
  'connection:closing': event({ reason: Type.Enum(['expired', 'revoked', 'restart', 'rebalance', 'rate_limited']) }),
} as const

export type EventName = keyof typeof eventSchemas
export const eventSummaries: Readonly<Record<EventName, string>> = {
  'message:created': 'A message was sent.',
  'receipt:updated': 'A side has read messages.',
  'typing:changed': 'A user started or stopped typing.',
  'conversation:created': 'A conversation started.',
  'conversation:updated': 'A conversation changed.',
  'conversation:erased': 'A conversation was erased for good, with all its messages.',
  'conversation:heads': 'The heads of the subscribed conversations, so that a client detects missed events.',
  'epoch:changed':
    'The epoch of the database, on connect and whenever it changes. Committed changes may then be missing, and a client discards what it holds.',
  'agent:status-changed': 'The status of an agent changed.',
  'agent:updated': 'Name or role of an agent changed, or an agent joined. `agent` is null for one who is disabled.',
  'availability:changed': 'Whether an agent is online or busy. For customers.',
  'connection:closing':
    'The server closes this connection. The reason says whether the client renews, reconnects or stops.',
}

export type ServerEvents = { [E in EventName]: Static<(typeof eventSchemas)[E]> }
export type ConversationHead = Static<typeof ConversationHead>
export type TypingChange = ServerEvents['typing:changed']
