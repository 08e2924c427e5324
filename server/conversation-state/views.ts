// A conversation as each side may see it. The customer's view is made of named fields alone, so that nothing new leaks by itself.

import type { ConversationRecord } from '#db/queries/conversation-records.ts'
import type { AgentConversation, Conversation, CustomerConversation, Message, StartPage } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

/** A record with its newest message. */
export interface ConversationWithLastMessage {
  record: ConversationRecord
  lastMessage: Message | null
}

export function conversationView(actor: Actor, whole: ConversationWithLastMessage): Conversation {
  return isCustomer(actor) ? customerView(whole) : agentView(whole)
}

export function customerView({ record, lastMessage }: ConversationWithLastMessage): CustomerConversation {
  return {
    ...common(record, lastMessage),
    customer: { id: record.customerId, name: record.customerName },
    unread: record.customerUnread,
  }
}

export function agentView({ record, lastMessage }: ConversationWithLastMessage): AgentConversation {
  return {
    ...common(record, lastMessage),
    customer: {
      id: record.customerId,
      name: record.customerName,
      externalId: record.customerExternalId,
      email: record.customerEmail,
      isNameVerified: record.isCustomerNameVerified,
      isEmailVerified: record.isCustomerEmailVerified,
      language: record.customerLanguage,
      isBlocked: record.customerBlockedAt !== null,
      createdAt: record.customerCreatedAt,
    },
    site: { id: record.siteId, name: record.siteName },
    page: startPage(record),
    unread: record.agentUnread,
  }
}

function startPage({ pageUrl, pageTitle, siteOrigins }: ConversationRecord): StartPage | null {
  if (pageUrl === null) return null
  const isOfSite = siteOrigins.split('\n').some((origin) => origin !== '' && isUnder(origin, pageUrl))
  return { url: pageUrl, title: pageTitle ?? '', isForeign: !isOfSite }
}

/** Both as browsers write them. */
const isUnder = (origin: string, url: string) =>
  url.startsWith(origin) && (url.length === origin.length || '/?#'.includes(url[origin.length] as string))

function common(record: ConversationRecord, lastMessage: Message | null) {
  return {
    id: record.id,
    agent: record.agentId === null ? null : { id: record.agentId, name: record.agentName ?? '' },
    status: record.status,
    subject: record.subject,
    lastSeq: record.lastSeq,
    version: record.version,
    customerReadSeq: record.customerReadSeq,
    agentReadSeq: record.agentReadSeq,
    lastMessage: preview(lastMessage),
    queuedAt: record.queuedAt,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    closedAt: record.closedAt,
  }
}

/** Lists and events show the beginning of the last message; an event goes to every agent. */
function preview(message: Message | null): Message | null {
  if (message === null || message.content.length <= limits.previewLength) return message
  return { ...message, content: firstCodePoints(message.content, limits.previewLength) }
}

function firstCodePoints(text: string, count: number): string {
  let end = 0
  for (let left = count; left > 0 && end < text.length; left--)
    end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1
  return text.slice(0, end)
}
