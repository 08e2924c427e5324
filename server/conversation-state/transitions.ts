// The columns that a state transition of a conversation sets.

import type { ConversationState, LockedConversation } from '#db/queries/conversations.ts'
import type { QueuePlace } from '#db/queries/queue-places.ts'

export type StateChange = Partial<
  Pick<ConversationState, 'agentId' | 'status' | 'queuedAt' | 'closedAt' | 'reopenedSeq' | 'reopenedAt'>
>

/** Puts it into the queue, as if it had waited since this time. */
export const requeue = (queuedAt: string) =>
  ({ status: 'open', agentId: null, queuedAt, closedAt: null }) satisfies StateChange

/** Returns it to the queue, where its customer keeps the place. */
export const release = (now: string, { unansweredSince, isAnswered, beganAt }: QueuePlace) =>
  requeue(unansweredSince ?? (isAnswered ? now : beganAt))

/** Notes where it begins again. */
const begin = ({ now, lastSeq }: LockedConversation) => ({ reopenedSeq: lastSeq, reopenedAt: now, closedAt: null })

/** Gives it back to its last agent if available, else moves it to the queue. */
export const reopen = (conversation: LockedConversation, isAgentAvailable: boolean): StateChange => ({
  ...(conversation.agentId !== null && isAgentAvailable ? { status: 'pending' } : requeue(conversation.now)),
  ...begin(conversation),
})

/** Reopens one that is in no queue, since it has no message yet. */
export const reopenEmpty = (conversation: LockedConversation): StateChange => ({
  status: 'open',
  ...begin(conversation),
})
