// Every socket request: the shape of its payload (a schema, checked once at the edge) and of its answer.
// Server only: browser code may `import type` from here, never a value (TypeBox would triple the widget).

import { type Static, Type } from 'typebox'
import type { Agent, Conversation, ConversationCounts, Message, Receipt } from './entities.ts'
import { limits } from './limits/wire.ts'
import {
  AgentStatusValue,
  ClientId,
  Cursor,
  Id,
  messageParts,
  Page,
  PageSize,
  Seq,
  Subject,
  Token,
  View,
} from './schemas.ts'

const closed = { additionalProperties: false } as const

const OneConversation = Type.Object({ conversationId: Id }, closed)

export const requestSchemas = {
  'session:renew': Type.Object({ token: Token }, closed),
  'conversation:start': Type.Object(
    {
      clientConversationId: Type.Optional(ClientId),
      subject: Type.Optional(Subject),
      page: Type.Optional(Page),
      message: Type.Optional(Type.Object(messageParts, closed)),
    },
    closed,
  ),
  'conversation:open': Type.Object(
    {
      conversationId: Id,
      afterSeq: Type.Optional(Seq),
      afterVersion: Type.Optional(Seq),
      limit: Type.Optional(PageSize),
    },
    closed,
  ),
  'conversation:leave': OneConversation,
  'conversation:list': Type.Object(
    { view: Type.Optional(View), cursor: Type.Optional(Cursor), limit: Type.Optional(PageSize) },
    closed,
  ),
  'conversation:count': Type.Object({}, closed),
  'conversation:claim': OneConversation,
  'conversation:transfer': Type.Object({ conversationId: Id, agentId: Type.Optional(Id) }, closed),
  'conversation:release': OneConversation,
  'conversation:close': OneConversation,
  'conversation:reopen': OneConversation,
  'message:send': Type.Object({ conversationId: Id, ...messageParts }, closed),
  'message:list': Type.Object(
    {
      conversationId: Id,
      beforeSeq: Type.Optional(Seq),
      afterSeq: Type.Optional(Seq),
      limit: Type.Optional(PageSize),
    },
    closed,
  ),
  'message:mark-read': Type.Object({ conversationId: Id, seq: Seq }, closed),
  'typing:set': Type.Object(
    {
      conversationId: Id,
      typing: Type.Boolean(),
      preview: Type.Optional(Type.String({ maxLength: limits.typingPreviewLength })),
    },
    closed,
  ),
  'customer:set-blocked': Type.Object({ customerId: Id, blocked: Type.Boolean() }, closed),
  'agent:set-status': Type.Object({ status: AgentStatusValue }, closed),
  'agent:list': Type.Object({}, closed),
} as const

export type RequestName = keyof typeof requestSchemas

export type RequestPayloads = { [N in RequestName]: Static<(typeof requestSchemas)[N]> }

export interface RequestReplies {
  'session:renew': { expiresIn: number }
  'conversation:start': { conversation: Conversation; message?: Message }
  'conversation:open': { conversation: Conversation; messages: Message[]; hasMore: boolean }
  'conversation:leave': Record<string, never>
  'conversation:list': { conversations: Conversation[]; nextCursor: string | null }
  'conversation:count': ConversationCounts
  'conversation:claim': { conversation: Conversation }
  'conversation:transfer': { conversation: Conversation }
  'conversation:release': { conversation: Conversation }
  'conversation:close': { conversation: Conversation }
  'conversation:reopen': { conversation: Conversation }
  'message:send': { message: Message }
  'message:list': { messages: Message[]; hasMore: boolean }
  'message:mark-read': { receipt: Receipt }
  'typing:set': Record<string, never>
  'customer:set-blocked': { customerId: number; blocked: boolean }
  'agent:set-status': { agent: Agent }
  'agent:list': { agents: Agent[] }
}
