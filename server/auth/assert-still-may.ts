// Whether an actor may still act, read in the transaction that writes and held until it ends: who was ended, disabled or given another role
// while a body was under way, or a request waited, writes nothing.

import type { Transaction } from '#db/core/database.ts'
import { lockCustomerOfSession } from '#db/queries/customer-sessions.ts'
import { lockAgentOfSession } from '#db/queries/login-sessions.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { unauthorized } from './tokens.ts'

/**
 * Throws unauthorized where session or user has ended, forbidden where the role is another by now. A transaction that changes the actor's own
 * row locks that first: a shared lock that two hold could not become one's own.
 */
export async function assertStillMay(trx: Transaction, actor: Actor): Promise<{ isBlocked: boolean }> {
  const found = isCustomer(actor) ? await lockCustomerOfSession(trx, actor) : await lockAgentOfSession(trx, actor)
  if (found === undefined || actor.isEnded) throw unauthorized()
  if (found.role !== actor.role) throw new AppError('forbidden', 'This is not for your role.')
  return { isBlocked: found.blockedAt !== null }
}
