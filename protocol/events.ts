// Every event that the server publishes, with its data. Only server/realtime/publish.ts emits them.

import { type Static, type TProperties, Type } from 'typebox'
import { Agent, Conversation, Message, Receipt, Role, Time } from './entities.ts'
import { AgentStatusValue, Id } from './schemas.ts'

const event = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })
export const ConversationHead = Type.Object(
  { conversationId: Id, lastSeq: Type.Integer({ minimum: 0 }), version: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false, description: 'The latest seq and version of a conversation.' },
)

export const eventSchemas = {
  'message:created': Message,
  'receipt:updated': Receipt,
  'typing:changed': event(
    {
      conversationId: Id,
      userId: Id,
      role: Role,
      typing: Type.Boolean(),
      preview: Type.Optional(Type.String({ description: "A customer's unsent text. Published only to agents." })),
    },
    'A user started or stopped typing.',
  ),
  'conversation:created': event(
    { conversation: Conversation, change: Type.Literal('created') },
    'A conversation started.',
  ),
  'conversation:updated': event(
    {
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
    },
    'A conversation changed.',
  ),
  'conversation:heads': event(
    { heads: Type.Array(ConversationHead) },
    'The heads of the subscribed conversations, so that a client detects missed events.',
  ),
  'agent:status-changed': event({ agentId: Id, status: AgentStatusValue, lastSeen: Time }, 'The status of an agent.'),
  'agent:updated': event(
    { agentId: Id, agent: Type.Union([Agent, Type.Null()]) },
    'Name or role of an agent changed, or an agent joined. `agent` is null for one who is disabled.',
  ),
  'availability:changed': event({ available: Type.Boolean() }, 'Whether an agent is online or busy. For customers.'),
  'connection:closing': event(
    { reason: Type.Enum(['expired', 'revoked', 'restart', 'rate_limited']) },
    'Published before the server closes a connection. The reason says whether the client renews, reconnects or stops.',
  ),
} as const

export type EventName = keyof typeof eventSchemas
export type ServerEvents = { [E in EventName]: Static<(typeof eventSchemas)[E]> }
export type ConversationHead = Static<typeof ConversationHead>
export type TypingChange = ServerEvents['typing:changed']
