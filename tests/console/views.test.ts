// The rows of each console view and their order. Rows beyond a missing page stay hidden.

import { expect, test } from 'vitest'
import { belongsTo, compareIn, listView } from '../../client-web/console/workspace/views.ts'
import type { AgentConversation, ConversationView } from '../../protocol/entities.ts'

const agentId = 7
const colleague = { id: 8, name: 'Li Lei' }
const me = { id: agentId, name: 'Ada' }
const minute = (count: number) => new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString()

function conversation(id: number, given: Partial<AgentConversation>): AgentConversation {
  return {
    id,
    customer: {
      id: 100 + id,
      name: `#${100 + id}`,
      externalId: null,
      email: null,
      isNameVerified: false,
      isEmailVerified: false,
      language: null,
      isBlocked: false,
      createdAt: minute(0),
    },
    site: { id: 1, name: 'Shop' },
    page: null,
    agent: null,
    status: 'open',
    subject: null,
    lastSeq: 1,
    version: 1,
    unread: 0,
    customerReadSeq: 0,
    agentReadSeq: 0,
    lastMessage: null,
    queuedAt: null,
    createdAt: minute(0),
    updatedAt: minute(0),
    closedAt: null,
    ...given,
  }
}

const waitsLonger = conversation(1, { queuedAt: minute(1), updatedAt: minute(30) })
const waiting = conversation(2, { queuedAt: minute(5), updatedAt: minute(6) })
const mine = conversation(3, { status: 'pending', agent: me, updatedAt: minute(20) })
const theirs = conversation(4, { status: 'pending', agent: colleague, updatedAt: minute(25) })
const closedByMe = conversation(5, { status: 'closed', agent: me, closedAt: minute(9), updatedAt: minute(9) })
const closedLater = conversation(6, { status: 'closed', agent: colleague, closedAt: minute(10), updatedAt: minute(8) })
const all = [closedByMe, theirs, waiting, mine, closedLater, waitsLonger]

test.each<[ConversationView, number[]]>([
  ['queue', [1, 2]],
  ['mine', [3]],
  ['all', [1, 4, 3, 2]],
  ['closed', [6, 5]],
])('%s', (view, ids) => {
  expect(listView(all, view, agentId, null).map(({ id }) => id)).toEqual(ids)
})

test('rows beyond the last loaded one stay hidden until the pages between them are loaded', () => {
  expect(listView(all, 'all', agentId, theirs).map(({ id }) => id)).toEqual([1, 4])
  expect(listView(all, 'queue', agentId, waitsLonger).map(({ id }) => id)).toEqual([1])
})

test('a closed conversation counts for no agent, though its agent is kept', () => {
  expect(belongsTo(closedByMe, 'mine', agentId)).toBe(false)
})

test('equal times are ordered by id, in reverse where the newest comes first', () => {
  const twin = conversation(9, { queuedAt: waiting.queuedAt, updatedAt: waiting.updatedAt })
  expect(compareIn('queue')(waiting, twin)).toBeLessThan(0)
  expect(compareIn('all')(waiting, twin)).toBeGreaterThan(0)
})
