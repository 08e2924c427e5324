// Which news of a conversation calls for an agent, so that it is worth a sound.

import type { AgentConversation } from '#protocol/entities.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'

export type ConversationEvent = ServerEvents[Extract<EventName, 'conversation:created' | 'conversation:updated'>]

/** Changes after which a conversation waits no more and no less than before. */
const silentChanges: ReadonlySet<ConversationEvent['change']> = new Set(['read', 'message', 'customer', 'agent'])

/** What calls for this agent, as a key that changes with each call; null where nothing does. */
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
