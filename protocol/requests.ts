// Every socket request: the schemas of its payload and of its reply. The edge validates the payload once.
// Server only: browser code may `import type` from here, never a value (TypeBox would triple the widget).

import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { Agent, Conversation, ConversationCounts, Message, Receipt } from './entities.ts'
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
const reply = <P extends TProperties>(properties: P) => Type.Object(properties, closed)

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
  'conversation:transfer': Type.Object(
    {
      conversationId: Id,
      agentId: Type.Optional(Id),
      anyway: Type.Optional(Type.Boolean({ description: 'Also to an agent who is offline.' })),
    },
    closed,
  ),
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

export const requestSummaries: Readonly<Record<RequestName, string>> = {
  'session:renew': 'Extend the connection with a newer access token.',
  'conversation:start': 'Start a conversation, with its first message if given.',
  'conversation:open': 'Subscribe to a conversation and get it with missed or latest messages.',
  'conversation:leave': 'Unsubscribe from a conversation.',
  'conversation:list': 'List a view of conversations.',
  'conversation:count': 'Count the conversations of each view.',
  'conversation:claim': 'Claim a conversation from the queue.',
  'conversation:transfer': 'Transfer a conversation to an agent, or to the requesting one.',
  'conversation:release': 'Return a conversation to the queue.',
  'conversation:close': 'Close a conversation.',
  'conversation:reopen': 'Reopen a closed conversation.',
  'message:send': 'Send a message. A retry returns the existing message.',
  'message:list': 'List the messages of a conversation.',
  'message:mark-read': 'Mark messages of the other side as read.',
  'typing:set': 'Publish the typing state.',
  'customer:set-blocked': 'Block or unblock a customer.',
  'agent:set-status': 'Choose the own status.',
  'agent:list': 'List the agents.',
}

const Nothing = reply({})
const OneConversationReply = reply({ conversation: Conversation })

export const replySchemas = {
  'session:renew': reply({ expiresIn: Type.Integer({ minimum: 1, description: 'Seconds.' }) }),
  'conversation:start': reply({ conversation: Conversation, message: Type.Optional(Message) }),
  'conversation:open': reply({ conversation: Conversation, messages: Type.Array(Message), hasMore: Type.Boolean() }),
  'conversation:leave': Nothing,
  'conversation:list': reply({
    conversations: Type.Array(Conversation),
    nextCursor: Type.Union([Type.String(), Type.Null()]),
  }),
  'conversation:count': ConversationCounts,
  'conversation:claim': OneConversationReply,
  'conversation:transfer': OneConversationReply,
  'conversation:release': OneConversationReply,
  'conversation:close': OneConversationReply,
  'conversation:reopen': OneConversationReply,
  'message:send': reply({ message: Message }),
  'message:list': reply({ messages: Type.Array(Message), hasMore: Type.Boolean() }),
  'message:mark-read': reply({ receipt: Receipt }),
  'typing:set': Nothing,
  'customer:set-blocked': reply({ customerId: Id, blocked: Type.Boolean() }),
  'agent:set-status': reply({ agent: Agent }),
  'agent:list': reply({ agents: Type.Array(Agent) }),
} as const satisfies Record<RequestName, TSchema>

export type RequestReplies = { [N in RequestName]: Static<(typeof replySchemas)[N]> }
