// Decides which conversations alert an agent: on an event, and after a connection gap.

import type { AgentConversation } from '#protocol/entities.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'

export type ConversationEvent = ServerEvents[Extract<EventName, 'conversation:created' | 'conversation:updated'>]

/** Changes that do not affect how long a customer has waited. */
const silentChanges: ReadonlySet<ConversationEvent['change']> = new Set(['read', 'message', 'customer', 'agent'])

/** A key that changes with each new alert for this agent; null for none. */
export function alertKey(
  conversation: AgentConversation,
  change: ConversationEvent['change'],
  agentId: number,
): string | null {
  if (conversation.status === 'open') return silentChanges.has(change) ? null : waitingAlert(conversation).key
  if (conversation.status === 'closed' || conversation.agent?.id !== agentId) return null
  // The key of the state, so that a list of changes announces no transfer again that its event has announced.
  const { key } = messageAlert(conversation) ?? (change === 'transferred' ? transferAlert(conversation) : {})
  return key ?? null
}

/**
 * What a conversation asks of the agent by its state, without an event. `at` is when that happened, on the server's
 * clock.
 */
export interface CurrentAlert {
  key: string
  at: string
}

/** `wasMine`: it was assigned to this agent when the connection was lost. */
export function currentAlert(conversation: AgentConversation, agentId: number, wasMine: boolean): CurrentAlert | null {
  if (conversation.status === 'open') return conversation.queuedAt === null ? null : waitingAlert(conversation)
  if (conversation.status === 'closed' || conversation.agent?.id !== agentId) return null
  const isTransfer = !wasMine && conversation.lastMessage?.senderId !== agentId
  return messageAlert(conversation) ?? (isTransfer ? transferAlert(conversation) : null)
}

const waitingAlert = ({ queuedAt, updatedAt }: AgentConversation): CurrentAlert => ({
  key: `queued ${queuedAt}`,
  at: queuedAt ?? updatedAt,
})

const transferAlert = ({ version, updatedAt }: AgentConversation): CurrentAlert => ({
  key: `transferred ${version}`,
  at: updatedAt,
})

function messageAlert({ lastMessage, unread }: AgentConversation): CurrentAlert | null {
  const isNew = lastMessage?.senderRole === 'customer' && unread > 0
  return isNew ? { key: `message ${lastMessage.seq}`, at: lastMessage.createdAt } : null
}
