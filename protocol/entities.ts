// The things both sides speak of, as they stand on the wire: camelCase, integer ids, ISO 8601 UTC times with
// milliseconds.

export type Role = 'customer' | 'agent' | 'admin'
export type AgentRole = 'agent' | 'admin'
export type Language = 'en' | 'zh-CN'
export type ConversationStatus = 'open' | 'pending' | 'closed'
export type AgentStatusValue = 'online' | 'busy' | 'offline'
export type MessageType = 'text' | 'image' | 'file'
export type ConversationView = 'queue' | 'mine' | 'all' | 'closed'
export type ConversationChange =
  | 'created'
  | 'claimed'
  | 'transferred'
  | 'released'
  | 'closed'
  | 'reopened'
  | 'message'
  | 'read'
  /** What is known of its customer, and of its agent. */
  | 'customer'
  | 'agent'

export interface Message {
  id: number
  conversationId: number
  /** The message's number in its conversation, from 1, without gaps. */
  seq: number
  clientMessageId: string
  senderId: number
  senderRole: Role
  senderName: string
  type: MessageType
  /** Of a picture or file: a caption, or its name. */
  content: string
  attachment?: Attachment
  isRead: boolean
  /** The conversation's version when this message last changed. */
  version: number
  createdAt: string
}

export interface Attachment {
  id: number
  /** As its uploader called it, made harmless; its ending fits its type. */
  name: string
  /** Bytes. */
  size: number
  /** By its content. */
  mimeType: string
  /** Pixels, of a picture alone. */
  width?: number
  height?: number
}

export interface Person {
  id: number
  name: string
}

/** What both sides may know of a conversation. */
interface ConversationBase {
  id: number
  agent: Person | null
  status: ConversationStatus
  subject: string | null
  lastSeq: number
  /** Grows with every change of the conversation; of two copies the one with the higher version is newer. */
  version: number
  /** Messages of the other side that the asking side has not read. */
  unread: number
  /** How far each side has read, as a seq; 0 for nothing. */
  customerReadSeq: number
  agentReadSeq: number
  /** Its content is cut to limits.previewLength code points. */
  lastMessage: Message | null
  queuedAt: string | null
  createdAt: string
  updatedAt: string
  closedAt: string | null
}

/** What a customer gets: never mail, notes, tags or another customer's name. */
export interface CustomerConversation extends ConversationBase {
  customer: Person
}

export interface StartPage extends Page {
  /** Not of the site's origins, so that the title beside it may say anything. */
  isForeign: boolean
}

export interface ConversationCustomer extends Person {
  /** What the shop calls this customer, for whom it has vouched; null for one it has not. */
  externalId: string | null
  email: string | null
  /** The shop has vouched for it; else it is only what somebody said. */
  isNameVerified: boolean
  isEmailVerified: boolean
  language: Language | null
  isBlocked: boolean
  createdAt: string
}

/** What agents get. */
export interface AgentConversation extends ConversationBase {
  customer: ConversationCustomer
  site: Person
  page: StartPage | null
}

export type Conversation = AgentConversation | CustomerConversation

/** The page a customer was on when the conversation began. */
export interface Page {
  url: string
  title: string
}

export interface Receipt {
  conversationId: number
  readerId: number
  readerRole: Role
  /** Everything of the other side up to this seq has been read. */
  seq: number
  readAt: string
}

export interface Agent {
  id: number
  username: string
  name: string
  role: AgentRole
  /** What others are told: connected ? chosen : offline. */
  status: AgentStatusValue
  lastSeen: string | null
  openConversations: number
}

export interface User {
  id: number
  username: string
  name: string
  role: AgentRole
  email: string | null
  language: Language | null
  isDisabled: boolean
  createdAt: string
}

/** One of the logins of the user who asks. */
export interface LoginSession {
  id: number
  /** What the browser called itself. */
  userAgent: string | null
  createdAt: string
  /** When it last renewed its access token. */
  lastSeen: string
  /** The one that asks. */
  isCurrent: boolean
}

export interface Customer {
  id: number
  name: string
  email: string | null
  /** The shop has vouched for it, and it is the shop's to change. */
  isEmailVerified: boolean
}

export type WidgetPosition = 'left' | 'right'

/** What a page needs to draw the launcher: public, and the same for everyone. */
export interface SiteLook {
  name: string
  /** #rrggbb */
  color: string
  position: WidgetPosition
  greeting: string | null
}

export interface WidgetSite extends SiteLook {
  key: string
  origins: string[]
  /** Somebody is here to answer. */
  available: boolean
}

export interface Site extends SiteLook {
  id: number
  key: string
  /** Exact origins of the pages that may embed the widget, such as https://shop.example */
  origins: string[]
  /** The line of HTML to put on those pages. */
  snippet: string
  /** Whether only customers whom the shop vouches for may talk here. */
  requireIdentity: boolean
  /** Since when the secret that it vouches with is good; null while there is none. */
  identitySecretMadeAt: string | null
  createdAt: string
}

export interface ConversationCounts {
  queue: number
  mine: number
  all: number
  closed: number
}
