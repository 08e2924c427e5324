// Every HTTP call under /api/v1: the schemas of its parameters, body and responses. Server only, like requests.ts.

import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import {
  Attachment,
  Conversation,
  Customer,
  LoginSession,
  Message,
  Site,
  SiteLook,
  User,
  WidgetSite,
} from './entities.ts'
import { limits } from './limits/wire.ts'
import {
  ClientId,
  Color,
  Cursor,
  Email,
  ErrorBody,
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
    release: Type.Optional(
      Type.Boolean({ description: 'With isDisabled: returns the conversations in progress to the queue.' }),
    ),
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

const reply = <P extends TProperties>(properties: P) => Type.Object(properties, closed)
const expiresIn = Type.Integer({ minimum: 1, description: 'Seconds.' })

const session = { token: Type.String(), expiresIn, user: User }
const LoginReply = reply(session)
const SetupReply = reply({ ...session, site: Site })
const WidgetSessionReply = reply({
  token: Type.String(),
  expiresIn,
  resumeToken: Type.String({
    description: 'Continues the same customer. Its first use invalidates the previous resume token.',
  }),
  customer: Customer,
  site: WidgetSite,
})
const IdentitySecretReply = reply({
  secret: Type.String({ description: 'Shown only in this response.' }),
  site: Site,
})
const SetupState = reply({ needed: Type.Boolean({ description: 'There is no admin yet.' }) })
const MessagesReply = reply({ messages: Type.Array(Message), hasMore: Type.Boolean() })
const MessageReply = reply({ message: Message })

export type LoginReply = Static<typeof LoginReply>
export type SetupReply = Static<typeof SetupReply>
export type WidgetSessionReply = Static<typeof WidgetSessionReply>
export type IdentitySecretReply = Static<typeof IdentitySecretReply>
export type SetupState = Static<typeof SetupState>
export type MessagesReply = Static<typeof MessagesReply>

/** The body of every failure. */
export const ErrorReply = reply({
  error: ErrorBody,
})

const NoContent = Type.Unsafe<undefined>({ type: 'null', description: 'No content.' })

export interface Call {
  /** Its operationId in docs/openapi.json. */
  operationId: string
  summary: string
  params?: TSchema
  querystring?: TSchema
  body?: TSchema
  /** By status. Absent where the response is a file. */
  response?: Record<number, TSchema>
}

/** By method and path under /api/v1. */
export const calls = {
  'POST /auth/login': {
    operationId: 'login',
    summary: 'Log in and set the refresh cookie.',
    body: LoginBody,
    response: { 200: LoginReply },
  },
  'POST /auth/refresh': {
    operationId: 'refresh',
    summary: 'Get a new access token and replace the refresh cookie.',
    response: { 200: LoginReply },
  },
  'POST /auth/logout': {
    operationId: 'logout',
    summary: 'End the login session and clear the refresh cookie.',
    response: { 204: NoContent },
  },
  'GET /me': { operationId: 'getMe', summary: 'Get the own account.', response: { 200: User } },
  'PATCH /me': {
    operationId: 'updateMe',
    summary: 'Change the own name, language or password.',
    body: MeBody,
    response: { 200: User },
  },
  'GET /me/sessions': {
    operationId: 'listSessions',
    summary: 'List the own login sessions.',
    response: { 200: reply({ sessions: Type.Array(LoginSession) }) },
  },
  'DELETE /me/sessions': {
    operationId: 'endOtherSessions',
    summary: 'End all own login sessions but the current one.',
    response: { 204: NoContent },
  },
  'DELETE /me/sessions/:id': {
    operationId: 'endSession',
    summary: 'End one of the own login sessions.',
    params: IdParams,
    response: { 204: NoContent },
  },
  'GET /setup': {
    operationId: 'getSetup',
    summary: 'Ask whether the first admin is still to be created.',
    response: { 200: SetupState },
  },
  'POST /setup': {
    operationId: 'setUp',
    summary: 'Create the first admin and the first site, and set the refresh cookie.',
    body: SetupBody,
    response: { 201: SetupReply },
  },
  'GET /widget/sites/:key': {
    operationId: 'getSiteAppearance',
    summary: 'Get the appearance of the launcher.',
    params: Type.Object({ key: ClientId }, closed),
    response: { 200: SiteLook },
  },
  'POST /widget/session': {
    operationId: 'startCustomerSession',
    summary: 'Start or resume a customer session.',
    body: WidgetSessionBody,
    response: { 200: WidgetSessionReply },
  },
  'POST /widget/logout': {
    operationId: 'endCustomerSession',
    summary: 'End a customer session.',
    body: WidgetLogoutBody,
    response: { 204: NoContent },
  },
  'GET /conversations': {
    operationId: 'listConversations',
    summary: 'List a view of conversations.',
    querystring: ConversationsQuery,
    response: {
      200: reply({
        conversations: Type.Array(Conversation),
        nextCursor: Type.Union([Type.String(), Type.Null()]),
      }),
    },
  },
  'GET /conversations/:id': {
    operationId: 'getConversation',
    summary: 'Get a conversation.',
    params: IdParams,
    response: { 200: reply({ conversation: Conversation }) },
  },
  'GET /conversations/:id/messages': {
    operationId: 'listMessages',
    summary: 'List the messages of a conversation.',
    params: IdParams,
    querystring: MessagesQuery,
    response: { 200: MessagesReply },
  },
  'POST /conversations/:id/messages': {
    operationId: 'sendMessage',
    summary: 'Send a message. 200 returns the existing message of a retry.',
    params: IdParams,
    body: NewMessageBody,
    response: { 200: MessageReply, 201: MessageReply },
  },
  'POST /attachments': {
    operationId: 'uploadAttachment',
    summary: 'Upload one image or file.',
    response: { 201: Attachment },
  },
  'GET /attachments/:id': {
    operationId: 'getAttachment',
    summary: 'Download an attachment.',
    params: IdParams,
  },
  'GET /attachments/:id/thumbnail': {
    operationId: 'getThumbnail',
    summary: 'Download the thumbnail of an image.',
    params: IdParams,
  },
  'GET /users': {
    operationId: 'listUsers',
    summary: 'List the accounts of agents and admins.',
    response: { 200: reply({ users: Type.Array(User) }) },
  },
  'POST /users': {
    operationId: 'createUser',
    summary: 'Create an agent or admin.',
    body: NewUserBody,
    response: { 201: User },
  },
  'PATCH /users/:id': {
    operationId: 'updateUser',
    summary: 'Change or disable an agent or admin.',
    params: IdParams,
    body: UserBody,
    response: { 200: User },
  },
  'GET /sites': {
    operationId: 'listSites',
    summary: 'List the sites.',
    response: { 200: reply({ sites: Type.Array(Site) }) },
  },
  'POST /sites': {
    operationId: 'createSite',
    summary: 'Create a site.',
    body: NewSiteBody,
    response: { 201: Site },
  },
  'PATCH /sites/:id': {
    operationId: 'updateSite',
    summary: 'Change a site.',
    params: IdParams,
    body: SiteBody,
    response: { 200: Site },
  },
  'POST /sites/:id/identity-secret': {
    operationId: 'createIdentitySecret',
    summary: 'Create an identity secret for a site.',
    params: IdParams,
    body: IdentitySecretBody,
    response: { 201: IdentitySecretReply },
  },
} as const satisfies Record<string, Call>
