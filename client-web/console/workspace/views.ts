// Which conversations belong to a view, and their order. Mirrors the server's queries.

import type { AgentConversation, ConversationView } from '#protocol/entities.ts'

export function belongsTo(conversation: AgentConversation, view: ConversationView, agentId: number): boolean {
  const { status, agent } = conversation
  if (view === 'queue') return status === 'open'
  if (view === 'mine') return status === 'pending' && agent?.id === agentId
  return view === 'closed' ? status === 'closed' : status !== 'closed'
}

function sortTime(conversation: AgentConversation, view: ConversationView): string {
  if (view === 'queue') return conversation.queuedAt ?? conversation.createdAt
  return (view === 'closed' ? conversation.closedAt : null) ?? conversation.updatedAt
}

/** The queue is sorted oldest first, every other view newest first. ISO timestamps compare as text. */
export function compareIn(view: ConversationView): (a: AgentConversation, b: AgentConversation) => number {
  const direction = view === 'queue' ? 1 : -1
  return (a, b) => {
    const [left, right] = [sortTime(a, view), sortTime(b, view)]
    return direction * (left === right ? a.id - b.id : left < right ? -1 : 1)
  }
}

/** Sorted, up to `boundary`, the last row of the loaded pages: beyond it rows are missing. */
export function listView(
  conversations: Iterable<AgentConversation>,
  view: ConversationView,
  agentId: number,
  boundary: AgentConversation | null,
): AgentConversation[] {
  const compare = compareIn(view)
  return [...conversations]
    .filter((each) => belongsTo(each, view, agentId) && (boundary === null || compare(each, boundary) <= 0))
    .sort(compare)
}
