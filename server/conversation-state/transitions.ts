// What moving a conversation sets: into the queue, and out of being closed.

import type { ConversationState } from '#db/queries/conversations.ts'

export type StateChange = Partial<Pick<ConversationState, 'agentId' | 'status' | 'queuedAt' | 'closedAt'>>

/** To the end of the queue, at the database's time `now`. */
export const requeue = (now: string) =>
  ({ status: 'open', agentId: null, queuedAt: now, closedAt: null }) satisfies StateChange

/** Back to the agent who had it, when there is one who takes it; else to the queue. */
export const reopen = (now: string, agentId: number | null, agentTakesIt: boolean): StateChange =>
  agentId !== null && agentTakesIt ? { status: 'pending', closedAt: null } : requeue(now)
