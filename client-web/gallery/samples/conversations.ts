// Conversations in every state that a row, a header or the details pane shows.

import type { AgentConversation, Message } from '#protocol/entities.ts'
import { colleagueId, ownId } from './people.ts'
import { minutesAgo } from './times.ts'
import { words } from './words.ts'

export const customerId = 21

export function message(changes: Partial<Message> = {}): Message {
  const seq = changes.seq ?? 1
  return {
    id: seq,
    conversationId: 1,
    seq,
    clientMessageId: `m${seq}`,
    senderId: customerId,
    senderRole: 'customer',
    senderName: words.value.customer,
    type: 'text',
    content: words.value.question,
    isRead: true,
    version: seq,
    createdAt: minutesAgo(3),
    ...changes,
  }
}

type Changes = Partial<Omit<AgentConversation, 'customer'>> & { customer?: Partial<AgentConversation['customer']> }

export function conversation({ customer, ...changes }: Changes = {}): AgentConversation {
  const lastMessage = changes.lastMessage === undefined ? message() : changes.lastMessage
  return {
    id: 1,
    agent: { id: ownId, name: words.value.agent },
    status: 'pending',
    subject: null,
    lastSeq: lastMessage?.seq ?? 0,
    version: 1,
    unread: 0,
    customerReadSeq: 1,
    agentReadSeq: 1,
    queuedAt: null,
    createdAt: minutesAgo(30),
    updatedAt: minutesAgo(3),
    closedAt: null,
    customer: {
      id: customerId,
      name: words.value.customer,
      externalId: null,
      email: 'emma.wright@inbox.example',
      isNameVerified: false,
      isEmailVerified: false,
      language: 'en',
      isBlocked: false,
      createdAt: minutesAgo(60_000),
      ...customer,
    },
    site: { id: 1, name: words.value.shop },
    page: { url: 'https://mistandleaf.example/teas/cliff-oolong', title: words.value.page, isForeign: false },
    ...changes,
    lastMessage,
  }
}

export const waiting = () =>
  conversation({ id: 2, status: 'open', agent: null, queuedAt: minutesAgo(7), unread: 2, customer: { id: 22 } })

export const ofColleague = () =>
  conversation({
    id: 3,
    agent: { id: colleagueId, name: words.value.colleague },
    customer: { id: 23, name: words.value.otherCustomer },
    lastMessage: message({ senderRole: 'agent', senderId: colleagueId, senderName: words.value.colleague }),
  })

export const closed = () =>
  conversation({ id: 4, status: 'closed', closedAt: minutesAgo(1_500), updatedAt: minutesAgo(1_500) })

/** Verified by the shop, blocked, and from a page that is not the site's. */
export const verified = () =>
  conversation({
    id: 5,
    customer: {
      id: 24,
      name: words.value.longName,
      externalId: 'shop-4711',
      isNameVerified: true,
      isEmailVerified: true,
      isBlocked: true,
      language: 'zh-CN',
    },
    page: { url: 'https://elsewhere.example/copied-page', title: words.value.page, isForeign: true },
  })

export const unnamed = () =>
  conversation({ id: 6, customer: { id: 26, name: '#26', email: null, language: null }, page: null })

/** The same conversation with other customers, as long as a list needs to scroll. */
export const many = (count: number): AgentConversation[] =>
  Array.from({ length: count }, (_, index) =>
    conversation({
      id: 100 + index,
      unread: index % 7 === 0 ? index : 0,
      updatedAt: minutesAgo(3 + index * 20),
      customer: { id: 100 + index, name: index % 3 === 0 ? words.value.otherCustomer : `#${100 + index}` },
      lastMessage: message({ createdAt: minutesAgo(3 + index * 20) }),
    }),
  )
