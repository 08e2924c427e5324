// The customer's unread count is the server's, whatever part of the history is loaded.

import { describe, expect, test } from 'vitest'
import type { CustomerConversation, Message } from '#protocol/entities.ts'
import { addHead, addLive, addPage, emptyTimeline } from '../../client-web/shared/timeline/timeline.ts'
import { unreadByCustomer } from '../../client-web/shared/timeline/unread.ts'

const at = '2026-01-01T00:00:00.000Z'

function message(seq: number, senderRole: Message['senderRole'] = 'agent'): Message {
  const sender = { senderId: senderRole === 'agent' ? 8 : 7, senderRole, senderName: 'x' }
  const base = { id: seq, conversationId: 1, clientMessageId: `m${seq}`, type: 'text' as const, content: 'hello' }
  return { ...base, ...sender, seq, isRead: false, version: seq, createdAt: at }
}

const messages = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index))

function conversation(given: Partial<CustomerConversation>): CustomerConversation {
  const people = { customer: { id: 7, name: '#7' }, agent: { id: 8, name: 'Ann' } }
  const times = { queuedAt: null, createdAt: at, updatedAt: at, closedAt: null }
  const state = { status: 'pending' as const, subject: null, lastMessage: null, version: 60 }
  return {
    id: 1,
    ...people,
    ...times,
    ...state,
    lastSeq: 60,
    unread: 60,
    customerReadSeq: 0,
    agentReadSeq: 0,
    ...given,
  }
}

const newestPage = addPage(emptyTimeline, messages(11, 60))

describe('[CV9] [F19] 60 unread messages of which 50 are loaded', () => {
  test('are 60 before and after the page is loaded', () => {
    expect(unreadByCustomer(conversation({}), emptyTimeline)).toBe(60)
    expect(unreadByCustomer(conversation({}), newestPage)).toBe(60)
    expect(unreadByCustomer(conversation({}), addPage(newestPage, messages(1, 10)))).toBe(60)
  })

  test('are 61 with the next one, before and after the server says so', () => {
    const next = addLive(newestPage, [message(61), message(62, 'customer')])
    expect(unreadByCustomer(conversation({}), next)).toBe(61)
    expect(unreadByCustomer(conversation({ lastSeq: 62, unread: 61 }), next)).toBe(61)
    expect(unreadByCustomer(conversation({}), addLive(newestPage, [message(70)]))).toBe(61)
  })

  test('are none once they are read, and one with the next message', () => {
    const read = addHead(newestPage, { customerReadSeq: 60 })
    expect(unreadByCustomer(conversation({}), read)).toBe(0)
    expect(unreadByCustomer(conversation({}), addLive(read, [message(61)]))).toBe(1)
  })

  test('follow a read position within the loaded page', () => {
    expect(unreadByCustomer(conversation({}), addHead(newestPage, { customerReadSeq: 55 }))).toBe(5)
  })
})
