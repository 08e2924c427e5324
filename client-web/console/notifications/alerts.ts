// Decides which conversation events alert an agent.

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
  if (conversation.status === 'open') return silentChanges.has(change) ? null : `queued ${conversation.queuedAt}`
  if (conversation.status === 'closed' || conversation.agent?.id !== agentId) return null
  if (change === 'transferred') return `transferred ${conversation.version}`
  const lastMessage = conversation.lastMessage
  return lastMessage?.senderRole === 'customer' && conversation.unread > 0 ? `message ${lastMessage.seq}` : null
}
