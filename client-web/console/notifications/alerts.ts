// Which news of a conversation calls for an agent, so that it is worth a sound.

import type { AgentConversation } from '#protocol/entities.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'

export type Told = ServerEvents[Extract<EventName, 'conversation:created' | 'conversation:updated'>]

/** Changes after which a conversation waits no more and no less than before. */
const quiet: ReadonlySet<Told['change']> = new Set(['read', 'message', 'customer', 'agent'])

/** What calls for this agent, as a key that changes with each call; null where nothing does. */
export function callOf(conversation: AgentConversation, change: Told['change'], agentId: number): string | null {
  if (conversation.status === 'open') return quiet.has(change) ? null : `queued ${conversation.queuedAt}`
  if (conversation.status === 'closed' || conversation.agent?.id !== agentId) return null
  if (change === 'transferred') return `transferred ${conversation.version}`
  const last = conversation.lastMessage
  return last?.senderRole === 'customer' && conversation.unread > 0 ? `message ${last.seq}` : null
}
