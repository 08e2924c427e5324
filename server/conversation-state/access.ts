// Authorizes an actor on a conversation's row. Every request on a conversation calls one of these; changes call it on
// the locked row.

import type { ConversationStatus } from '#protocol/entities.ts'
import { unauthorized } from '../auth/tokens.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

interface ViewFields {
  customerId: number
  agentId: number | null
  status: ConversationStatus
}

/** Customers view their own conversations; to them, others do not exist. Any agent may view. */
export function assertCanView<T extends ViewFields>(
  actor: Actor,
  conversation: T | undefined,
): asserts conversation is T {
  // The writers do not read sessions again for queued requests, so a session that ended meanwhile is rejected here.
  if (actor.isEnded) throw unauthorized()
  if (conversation === undefined || (isCustomer(actor) && conversation.customerId !== actor.userId)) {
    throw new AppError('not_found', 'There is no such conversation.')
  }
}

interface ManageFields extends ViewFields {
  customerBlockedAt: string | null
}

/** Allows its customer unless blocked, its assigned agent, and admins. */
export function assertCanManage<T extends ManageFields>(
  actor: Actor,
  conversation: T | undefined,
): asserts conversation is T {
  assertCanView(actor, conversation)
  if (isCustomer(actor) && conversation.customerBlockedAt !== null) {
    throw new AppError('forbidden', 'You cannot write here any more.')
  }
  if (isCustomer(actor) || actor.role === 'admin' || conversation.agentId === actor.userId) return
  throw new AppError(
    'forbidden',
    conversation.status === 'open' ? 'Claim the conversation first.' : 'Another agent has this conversation.',
  )
}
