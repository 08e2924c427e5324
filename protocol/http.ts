// Every HTTP call's body and answer under /api/v1, as TypeBox schemas and types. Server only, like requests.ts.

import { type Static, Type } from 'typebox'
import type { AgentConversation, Conversation, Customer, Message, Site, User, WidgetSite } from './entities.ts'
import { limits } from './limits/wire.ts'
import {
  ClientId,
  Color,
  Cursor,
  Email,
  Greeting,
  Language,
  messageParts,
  Name,
  NewPassword,
  Origin,
  Page,
  Password,
  Token,
  Username,
  View,
  WidgetPosition,
} from './schemas.ts'

const closed = { additionalProperties: false } as const
const Origins = Type.Array(Origin, { maxItems: limits.originsPerSite, uniqueItems: true })
const StaffRole = Type.Union([Type.Literal('agent'), Type.Literal('admin')])
/** A number in a query string. */
const QueryNumber = Type.String({ pattern: '^[0-9]{1,15}$' })

export const IdParams = Type.Object({ id: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) }, closed)

export const LoginBody = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: limits.usernameLength }), password: Password },
  closed,
)
export const SetupBody = Type.Object(
  { code: Token, username: Username, password: NewPassword, siteName: Name, siteOrigin: Type.Optional(Origin) },
  closed,
)
export const MeBody = Type.Object(
  {
    name: Type.Optional(Name),
    language: Type.Optional(Language),
    password: Type.Optional(NewPassword),
    oldPassword: Type.Optional(Password),
  },
  closed,
)
export const NewUserBody = Type.Object(
  {
    username: Username,
    password: NewPassword,
    name: Name,
    role: StaffRole,
    email: Type.Optional(Type.Union([Email, Type.Null()])),
  },
  closed,
)
export const UserBody = Type.Object(
  {
    name: Type.Optional(Name),
    role: Type.Optional(StaffRole),
    email: Type.Optional(Type.Union([Email, Type.Null()])),
    password: Type.Optional(NewPassword),
    isDisabled: Type.Optional(Type.Boolean()),
  },
  closed,
)
const look = {
  color: Type.Optional(Color),
  position: Type.Optional(WidgetPosition),
  greeting: Type.Optional(Type.Union([Greeting, Type.Null()])),
}
export const NewSiteBody = Type.Object({ name: Name, origins: Type.Optional(Origins), ...look }, closed)
export const SiteBody = Type.Object(
  {
    name: Type.Optional(Name),
    origins: Type.Optional(Origins),
    ...look,
    requireIdentity: Type.Optional(Type.Boolean()),
  },
  closed,
)
export const IdentitySecretBody = Type.Object({ endFormer: Type.Optional(Type.Boolean()) }, closed)
export const WidgetSessionBody = Type.Object(
  {
    site: Type.Optional(ClientId),
    token: Type.Optional(Token),
    resumeToken: Type.Optional(Token),
    name: Type.Optional(Name),
    email: Type.Optional(Email),
    locale: Type.Optional(Type.String({ maxLength: limits.localeLength, pattern: '^[A-Za-z0-9-]+$' })),
    page: Type.Optional(Page),
    identity: Type.Optional(Token),
  },
  closed,
)
export const WidgetLogoutBody = Type.Object({ resumeToken: Token }, closed)
export const ConversationsQuery = Type.Object(
  { view: Type.Optional(View), cursor: Type.Optional(Cursor), limit: Type.Optional(QueryNumber) },
  closed,
)
export const MessagesQuery = Type.Object(
  { before: Type.Optional(QueryNumber), after: Type.Optional(QueryNumber), limit: Type.Optional(QueryNumber) },
  closed,
)
export const NewMessageBody = Type.Object(messageParts, closed)

export type LoginBody = Static<typeof LoginBody>
export type SetupBody = Static<typeof SetupBody>
export type MeBody = Static<typeof MeBody>
export type NewUserBody = Static<typeof NewUserBody>
export type UserBody = Static<typeof UserBody>
export type NewSiteBody = Static<typeof NewSiteBody>
export type SiteBody = Static<typeof SiteBody>
export type IdentitySecretBody = Static<typeof IdentitySecretBody>
export type WidgetSessionBody = Static<typeof WidgetSessionBody>
export type WidgetLogoutBody = Static<typeof WidgetLogoutBody>
export type NewMessageBody = Static<typeof NewMessageBody>

/** expiresIn is in seconds. */
export interface LoginReply {
  token: string
  expiresIn: number
  user: User
}

export interface WidgetSessionReply {
  token: string
  /** Seconds. */
  expiresIn: number
  /** Continues the same customer; the one before it goes out of use when this one is first used. */
  resumeToken: string
  customer: Customer
  site: WidgetSite
}

/** The secret is told this once. */
export interface IdentitySecretReply {
  secret: string
  site: Site
}

/** GET /setup: whether the first admin is still to be made. */
export interface SetupState {
  needed: boolean
}

export interface SetupReply extends LoginReply {
  site: Site
}

export interface ConversationsReply {
  conversations: AgentConversation[]
  nextCursor: string | null
}

export interface ConversationReply {
  conversation: Conversation
}

export interface MessagesReply {
  messages: Message[]
  hasMore: boolean
}
