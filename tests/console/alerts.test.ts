// Which events alert an agent; none alerts twice.

import { expect, test } from 'vitest'
import { alertKey, currentAlert } from '../../client-web/console/notifications/alerts.ts'
import type { AgentConversation, Message } from '../../protocol/entities.ts'

const agentId = 7
const at = '2026-01-01T00:00:00.000Z'

function message(seq: number, senderRole: Message['senderRole']): Message {
  const base = {
    id: seq,
    conversationId: 1,
    clientMessageId: `m${seq}`,
    senderId: 1,
    senderName: 'x',
    type: 'text' as const,
  }
  return { ...base, seq, senderRole, content: 'hello', isRead: false, version: seq, createdAt: at }
}

function conversation(given: Partial<AgentConversation>): AgentConversation {
  return {
    id: 1,
    customer: {
      id: 2,
      name: '#2',
      externalId: null,
      email: null,
      isNameVerified: false,
      isEmailVerified: false,
      language: null,
      isBlocked: false,
      createdAt: at,
    },
    site: { id: 1, name: 'Shop' },
    page: null,
    agent: { id: agentId, name: 'Ada' },
    status: 'pending',
    subject: null,
    lastSeq: 3,
    version: 5,
    unread: 1,
    customerReadSeq: 0,
    agentReadSeq: 0,
    lastMessage: message(3, 'customer'),
    queuedAt: null,
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    ...given,
  }
}

const waiting = conversation({ status: 'open', agent: null, queuedAt: at })

test('a conversation that enters the queue alerts everyone once', () => {
  expect(alertKey(waiting, 'created', agentId)).not.toBeNull()
  expect(alertKey(waiting, 'released', agentId)).toBe(alertKey(waiting, 'created', agentId))
  expect(alertKey(waiting, 'message', agentId)).toBeNull()
  expect(alertKey(waiting, 'read', agentId)).toBeNull()
})

test('a customer’s new message alerts the assigned agent alone', () => {
  const call = alertKey(conversation({}), 'message', agentId)
  expect(call).not.toBeNull()
  expect(alertKey(conversation({ lastMessage: message(4, 'customer') }), 'message', agentId)).not.toBe(call)
  expect(alertKey(conversation({ agent: { id: 8, name: 'Li Lei' } }), 'message', agentId)).toBeNull()
})

test('own messages, read messages and closing alert nobody', () => {
  expect(alertKey(conversation({ lastMessage: message(3, 'agent') }), 'message', agentId)).toBeNull()
  expect(alertKey(conversation({ unread: 0 }), 'read', agentId)).toBeNull()
  expect(alertKey(conversation({ status: 'closed' }), 'closed', agentId)).toBeNull()
})

test('a transferred conversation alerts its new agent, read or not', () => {
  expect(alertKey(conversation({ unread: 0 }), 'transferred', agentId)).not.toBeNull()
})

test('[CO13] a transfer that its event has announced is not announced again by the list of changes', () => {
  for (const given of [conversation({}), conversation({ unread: 0 })]) {
    expect(currentAlert(given, agentId, false)?.key).toBe(alertKey(given, 'transferred', agentId))
  }
})
