// Entities on the wire, as TypeBox schemas and types: camelCase, integer ids, ISO 8601 UTC times with milliseconds.
// Browser code may `import type` from here, never a value.

import { type Static, type TProperties, Type } from 'typebox'
import * as fields from './schemas.ts'

const entity = <P extends TProperties>(properties: P, description: string) =>
  Type.Object(properties, { additionalProperties: false, description })
const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const text = (description?: string) => Type.String(description === undefined ? {} : { description })
const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description })
const flag = (description: string) => Type.Boolean({ description })
const count = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) })
const seq = (description: string) => Type.Integer({ minimum: 0, description })

const { Id } = fields
export const Time = Type.String({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
})

export const Role = Type.Enum(['customer', 'agent', 'admin'])
export const AgentRole = Type.Enum(['agent', 'admin'])
export const ConversationStatus = Type.Enum(['open', 'pending', 'closed'])

export const Attachment = entity(
  {
    id: Id,
    name: text('The file name, made safe. Its extension fits the type.'),
    size: count('Bytes.'),
    mimeType: text('Detected from the content.'),
    width: Type.Optional(count('Pixels. Images only.')),
    height: Type.Optional(count('Pixels. Images only.')),
  },
  'An uploaded image or file.',
)

export const Message = entity(
  {
    id: Id,
    conversationId: Id,
    seq: Type.Integer({ minimum: 1, description: 'Number of the message in its conversation, from 1, without gaps.' }),
    clientMessageId: text('The id that the sender chose. It makes a retry idempotent.'),
    senderId: Id,
    senderRole: Role,
    senderName: text(),
    type: fields.MessageType,
    content: text('The text. For an image or file: its caption or name.'),
    attachment: Type.Optional(Attachment),
    isRead: Type.Boolean(),
    version: count("The conversation's version when this message last changed."),
    createdAt: Time,
  },
  'A message of a conversation.',
)

const person = { id: Id, name: text() }
export const Person = entity(person, 'A user by name.')

const page = { url: text(), title: text() }
export const Page = entity(page, 'A page of the shop.')
export const StartPage = entity(
  { ...page, isForeign: flag("The page is not on one of the site's origins, so its title is unverified.") },
  'The page that the customer was on when the conversation started.',
)

/** Members of a conversation for both sides. */
const conversation = {
  id: Id,
  agent: nullable(Person),
  status: ConversationStatus,
  subject: nullable(Type.String()),
  lastSeq: seq('Seq of the last message; 0 for none.'),
  version: count('Grows with every change. Of two copies the one with the higher version is newer.'),
  unread: count('Messages of the other side that the requesting side has not read.'),
  customerReadSeq: seq('Read position of the customer; 0 for nothing.'),
  agentReadSeq: seq('Read position of the agents; 0 for nothing.'),
  lastMessage: nullable(Message),
  queuedAt: nullable(Time),
  createdAt: Time,
  updatedAt: Time,
  closedAt: nullable(Time),
}

export const CustomerConversation = entity(
  { ...conversation, customer: Person },
  'A conversation as its customer sees it: never an email, notes, tags or the name of another customer.',
)

export const ConversationCustomer = entity(
  {
    ...person,
    externalId: nullableText("The shop's own id of an identified customer, else null."),
    email: nullable(Type.String()),
    isNameVerified: flag('The shop signed the name. Otherwise the customer entered it.'),
    isEmailVerified: flag('The shop signed the email address. Otherwise the customer entered it.'),
    language: nullable(fields.Language),
    isBlocked: Type.Boolean(),
    createdAt: Time,
  },
  'A customer as agents see them.',
)

export const AgentConversation = entity(
  { ...conversation, customer: ConversationCustomer, site: Person, page: nullable(StartPage) },
  'A conversation as agents see it.',
)

export const Conversation = Type.Union([AgentConversation, CustomerConversation])

export const Receipt = entity(
  {
    conversationId: Id,
    readerId: Id,
    readerRole: Role,
    seq: seq('The reader has read every message of the other side up to this seq.'),
    readAt: Time,
  },
  'A read receipt.',
)

export const Agent = entity(
  {
    id: Id,
    username: text(),
    name: text(),
    role: AgentRole,
    status: Type.Enum(['online', 'busy', 'offline'], {
      description: 'The chosen status while connected, else offline.',
    }),
    lastSeen: nullable(Time),
    openConversations: count('Conversations assigned to the agent.'),
  },
  'An agent or admin as colleagues see them.',
)

export const User = entity(
  {
    id: Id,
    username: text(),
    name: text(),
    role: AgentRole,
    email: nullable(Type.String()),
    language: nullable(fields.Language),
    isDisabled: Type.Boolean(),
    createdAt: Time,
  },
  'The account of an agent or admin.',
)

export const LoginSession = entity(
  {
    id: Id,
    userAgent: nullableText('The User-Agent header of the browser.'),
    createdAt: Time,
    lastSeen: Type.String({ ...Time, description: 'Time of the last refresh of its access token.' }),
    isCurrent: flag('The session that makes the request.'),
  },
  'A login session of the requesting user.',
)

export const Customer = entity(
  {
    id: Id,
    name: text(),
    email: nullable(Type.String()),
    isEmailVerified: flag('The shop signed the email address, and only the shop changes it.'),
  },
  'The customer of a session.',
)

const appearance = {
  name: text(),
  color: fields.Color,
  position: fields.WidgetPosition,
  greeting: nullable(Type.String()),
}
export const SiteLook = entity(appearance, 'The appearance of the launcher: public and the same for everyone.')

export const WidgetSite = entity(
  {
    ...appearance,
    key: text(),
    origins: Type.Array(Type.String()),
    available: flag('An agent is online or busy.'),
  },
  'A site as its widget sees it.',
)

export const Site = entity(
  {
    ...appearance,
    id: Id,
    key: text(),
    origins: Type.Array(Type.String(), {
      description: 'Exact origins that may embed the widget, such as https://shop.example.',
    }),
    snippet: text('The HTML that embeds the widget.'),
    requireIdentity: flag('Only identified customers may write here.'),
    identitySecretMadeAt: Type.Union([Time, Type.Null()], {
      description: 'Creation time of the current identity secret; null for none.',
    }),
    createdAt: Time,
  },
  'A site as admins see it.',
)

export const ConversationCounts = entity(
  {
    queue: count(),
    mine: count(),
    all: count(),
    closed: count(),
    unread: count('Of `mine`, those with unread messages.'),
  },
  'Conversations per view.',
)

export type Role = Static<typeof Role>
export type AgentRole = Static<typeof AgentRole>
export type Language = Static<typeof fields.Language>
export type ConversationStatus = Static<typeof ConversationStatus>
export type AgentStatusValue = Static<typeof fields.AgentStatusValue>
export type MessageType = Static<typeof fields.MessageType>
export type ConversationView = Static<typeof fields.View>
export type WidgetPosition = Static<typeof fields.WidgetPosition>
/** `customer` and `agent`: data of the conversation's customer or agent changed. */
export type ConversationChange =
  | 'created'
  | 'claimed'
  | 'transferred'
  | 'released'
  | 'closed'
  | 'reopened'
  | 'message'
  | 'read'
  | 'customer'
  | 'agent'

export type Attachment = Static<typeof Attachment>
export type Message = Static<typeof Message>
export type Person = Static<typeof Person>
export type Page = Static<typeof Page>
export type StartPage = Static<typeof StartPage>
export type CustomerConversation = Static<typeof CustomerConversation>
export type ConversationCustomer = Static<typeof ConversationCustomer>
export type AgentConversation = Static<typeof AgentConversation>
export type Conversation = AgentConversation | CustomerConversation
export type Receipt = Static<typeof Receipt>
export type Agent = Static<typeof Agent>
export type User = Static<typeof User>
export type LoginSession = Static<typeof LoginSession>
export type Customer = Static<typeof Customer>
export type SiteLook = Static<typeof SiteLook>
export type WidgetSite = Static<typeof WidgetSite>
export type Site = Static<typeof Site>
export type ConversationCounts = Static<typeof ConversationCounts>
