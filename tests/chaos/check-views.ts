// Checks the state of every client against the database: messages, receipts, statuses and rows.

import type { Following } from './follow.ts'
import type { People } from './people.ts'
import type { Stored, StoredConversation, StoredMessage } from './stored.ts'

type Complain = (what: string) => void

export function checkViews(
  stored: Stored,
  people: Pick<People, 'talks' | 'listings' | 'agents'>,
  complain: Complain,
): void {
  const conversations = new Map(stored.conversations.map((conversation) => [conversation.id, conversation]))
  const messages = Map.groupBy(stored.messages, ({ conversationId }) => conversationId)
  for (const { conversationId, customer, agents } of people.talks) {
    for (const following of [customer, ...agents]) {
      const conversation = conversations.get(conversationId)
      if (conversation) checkView(following, conversation, messages.get(conversationId) ?? [], complain)
      else complain(`conversation ${conversationId} is not stored`)
    }
  }
  for (const { client, rows, statuses, names } of people.listings) {
    const holder = `the list of agent ${client.account.id}`
    for (const { id, status, agentId, version, lastSeq, agentUnread } of stored.conversations) {
      const row = rows.get(id)
      const held = row && [row.status, row.agent?.id ?? null, row.version, row.lastSeq, row.unread].join()
      const is = [status, agentId, version, lastSeq, agentUnread].join()
      if (held !== is) complain(`${holder} has conversation ${id} as ${held}, stored is ${is}`)
    }
    for (const { id, status, name } of stored.agents) {
      if (names.get(id) !== name) complain(`${holder} has agent ${id} as ${names.get(id)}, stored is ${name}`)
      if (statuses.has(id) && statuses.get(id) !== status) {
        complain(`${holder} has agent ${id} as ${statuses.get(id)}, stored is ${status}`)
      }
    }
  }
  for (const { account } of people.agents) {
    const status = stored.agents.find(({ id }) => id === account.id)?.status
    if (status !== 'online') complain(`agent ${account.id} is connected and stored as ${status}`)
  }
}

function checkView(
  { client, view }: Following,
  conversation: StoredConversation,
  messages: StoredMessage[],
  complain: Complain,
): void {
  const holder = `${client.account.role} ${client.account.id} in conversation ${view.conversationId}`
  if (!client.isOnline()) complain(`${holder} is not connected`)
  if (view.messages.length !== messages.length) {
    complain(
      `${holder} holds ${view.messages.length} messages (${view.ahead.size} behind a hole), ${messages.length} are stored`,
    )
  }
  for (const [index, held] of view.messages.entries()) {
    const row = messages[index]
    if (row === undefined) complain(`${holder} holds seq ${held.seq} (${held.clientMessageId}), which is not stored`)
    else if (
      held.id !== row.id ||
      held.clientMessageId !== row.clientMessageId ||
      held.senderId !== row.senderId ||
      held.content !== row.content ||
      held.createdAt !== row.createdAt
    ) {
      complain(
        `${holder} holds seq ${held.seq} as message ${held.id} (${held.clientMessageId}), stored is ${row.id} (${row.clientMessageId})`,
      )
    }
  }
  const { status, agentId, version, customerReadSeq, agentReadSeq } = conversation
  const held = view.conversation
  const holds = [held?.status, held?.agent?.id ?? null, held?.version, view.customerReadSeq, view.agentReadSeq].join()
  const is = [status, agentId, version, customerReadSeq, agentReadSeq].join()
  if (holds !== is) complain(`${holder} holds status, agent, version and receipts ${holds}, stored is ${is}`)
}
