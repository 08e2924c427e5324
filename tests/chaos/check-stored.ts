// Checks the database against the journal: each acknowledged message is stored once, unchanged, in order and without
// a gap.

import type { AcknowledgedChange, Journal } from './journal.ts'
import type { Stored, StoredConversation, StoredMessage } from './stored.ts'

type Complain = (what: string) => void

const keyOf = (one: { conversationId: number; senderId: number; clientMessageId: string }) =>
  `${one.conversationId} ${one.senderId} ${one.clientMessageId}`

export function checkStored(stored: Stored, journal: Journal, complain: Complain): void {
  for (const damage of stored.damage) complain(damage)
  checkSent(stored, journal, complain)
  for (const conversation of stored.conversations) {
    const messages = stored.messages.filter(({ conversationId }) => conversationId === conversation.id)
    checkSeqs(conversation, messages, complain)
    checkReading(conversation, messages, complain)
    const receipts = journal.receipts.filter(({ conversationId }) => conversationId === conversation.id)
    for (const { side, seq } of receipts) {
      const readSeq = side === 'customer' ? conversation.customerReadSeq : conversation.agentReadSeq
      if (seq > readSeq) {
        complain(
          `a receipt up to ${seq} by the ${side} of conversation ${conversation.id} was acknowledged, ${readSeq} is stored`,
        )
      }
    }
    const changes = journal.changes.filter(({ conversationId }) => conversationId === conversation.id)
    checkChanges(conversation, messages, changes, complain)
  }
}

function checkSent({ messages }: Stored, journal: Journal, complain: Complain): void {
  const rows = Map.groupBy(messages, keyOf)
  const lastOrdered = new Map<string, number>()
  for (const sent of journal.sent) {
    const key = keyOf(sent)
    const [row, ...more] = rows.get(key) ?? []
    rows.delete(key)
    if (more.length > 0) complain(`message ${key} is stored ${more.length + 1} times`)
    if (row && sent.refused) complain(`message ${key} was refused (${sent.refused}) and is stored`)
    if (!row && sent.acknowledged) complain(`message ${key} was acknowledged and is not stored`)
    if (!sent.acknowledged && !sent.refused) complain(`message ${key} was never acknowledged`)
    if (!row) continue
    if (row.content !== sent.content) complain(`message ${key} is stored with another content`)
    const { acknowledged } = sent
    if (acknowledged && (acknowledged.id !== row.id || acknowledged.seq !== row.seq)) {
      complain(
        `message ${key} was acknowledged as ${acknowledged.id} with seq ${acknowledged.seq}, stored as ${row.id} with seq ${row.seq}`,
      )
    }
    if (!sent.isOrdered) continue
    const writer = `${sent.conversationId} ${sent.senderId}`
    if (row.seq < (lastOrdered.get(writer) ?? 0)) complain(`message ${key} is stored before one that was sent earlier`)
    lastOrdered.set(writer, row.seq)
  }
  for (const key of rows.keys()) complain(`message ${key} is stored and was never sent`)
}

function checkSeqs({ id, lastSeq, version }: StoredConversation, messages: StoredMessage[], complain: Complain): void {
  messages.forEach(({ seq }, index) => {
    if (seq !== index + 1) complain(`conversation ${id} has seq ${seq} where ${index + 1} belongs`)
  })
  if (lastSeq !== messages.length)
    complain(`conversation ${id} says last seq ${lastSeq}, ${messages.length} are stored`)
  const newest = Math.max(0, ...messages.map((message) => message.version))
  if (newest > version) complain(`conversation ${id} has version ${version}, one of its messages ${newest}`)
}

function checkReading(conversation: StoredConversation, messages: StoredMessage[], complain: Complain): void {
  const { id, customerReadSeq, agentReadSeq } = conversation
  const unread = { customer: 0, agent: 0 }
  for (const { seq, isRead, isFromCustomer } of messages) {
    const shouldBeRead = seq <= (isFromCustomer ? agentReadSeq : customerReadSeq)
    if (isRead !== shouldBeRead) {
      complain(`message ${seq} of conversation ${id} is ${isRead ? '' : 'not '}marked as read, against the receipts`)
    }
    if (!shouldBeRead) unread[isFromCustomer ? 'agent' : 'customer'] += 1
  }
  if (unread.customer !== conversation.customerUnread || unread.agent !== conversation.agentUnread) {
    complain(
      `conversation ${id} counts ${conversation.customerUnread} and ${conversation.agentUnread} unread, it has ${unread.customer} and ${unread.agent}`,
    )
  }
}

/**
 * A version belongs to one change. A claim that two agents won, or a lost change, shows as two changes of one
 * version.
 */
function checkChanges(
  { id, version: newest }: StoredConversation,
  messages: StoredMessage[],
  changes: AcknowledgedChange[],
  complain: Complain,
): void {
  for (const { change, version } of changes) {
    if (version > newest)
      complain(`${change} of conversation ${id} was acknowledged as version ${version}, ${newest} is stored`)
  }
  const claims = changes.filter(({ change }) => change === 'conversation:claim')
  for (const { byAgentId, agentId } of claims) {
    if (agentId !== byAgentId) complain(`agent ${byAgentId} claimed conversation ${id}, but its agent is ${agentId}`)
  }
  for (const [version, same] of Map.groupBy(changes, (change) => change.version)) {
    const outcomes = new Set(same.map(({ status, agentId }) => `${status} with agent ${agentId}`))
    if (outcomes.size > 1)
      complain(`version ${version} of conversation ${id} has two outcomes: ${[...outcomes].join(' and ')}`)
  }
  const written = new Set(messages.map((message) => message.version))
  if (written.size < messages.length) complain(`messages of conversation ${id} share a version`)
}
