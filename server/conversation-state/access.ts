// Whose row is it? Every request on a conversation passes one of these, on the row as it stands (under its lock when it changes).

import type { ConversationStatus } from '#protocol/entities.ts'
import { unauthorized } from '../auth/tokens.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

interface Owned {
  customerId: number
  agentId: number | null
  status: ConversationStatus
}

/** Customers see their own and learn nothing of others'; any agent may look. */
export function assertCanView<T extends Owned>(actor: Actor, conversation: T | undefined): asserts conversation is T {
  // Of what waits for a batch of the writers, nobody asks the database whose session has ended.
  if (actor.isEnded) throw unauthorized()
  if (conversation === undefined || (isCustomer(actor) && conversation.customerId !== actor.userId)) {
    throw new AppError('not_found', 'There is no such conversation.')
  }
}

interface Handled extends Owned {
  customerBlockedAt: string | null
}

/** The customer whose it is, unless blocked; the agent who has it, or an admin. */
export function assertCanManage<T extends Handled>(
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
