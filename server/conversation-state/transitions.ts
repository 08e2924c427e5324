// The columns that a state transition of a conversation sets.

import type { ConversationState } from '#db/queries/conversations.ts'

export type StateChange = Partial<Pick<ConversationState, 'agentId' | 'status' | 'queuedAt' | 'closedAt'>>

/** Moves it to the end of the queue; `now` is the database's time. */
export const requeue = (now: string) =>
  ({ status: 'open', agentId: null, queuedAt: now, closedAt: null }) satisfies StateChange

/** Gives it back to its last agent if available, else moves it to the queue. */
export const reopen = (now: string, agentId: number | null, isAgentAvailable: boolean): StateChange =>
  agentId !== null && isAgentAvailable ? { status: 'pending', closedAt: null } : requeue(now)
