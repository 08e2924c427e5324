// Authorizes an actor again in the transaction that writes, under a shared lock held until it ends. An actor whose
// session, account or role changed meanwhile writes nothing.

import type { Transaction } from '#db/core/database.ts'
import { lockCustomerOfSession } from '#db/queries/customer-sessions.ts'
import { lockAgentOfSession } from '#db/queries/login-sessions.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { unauthorized } from './tokens.ts'

/**
 * Throws unauthorized if the session or user has ended, forbidden if the role has changed. A transaction that updates
 * the actor's own row must lock that row first: a shared lock held by two transactions cannot be upgraded.
 */
export async function assertStillMay(trx: Transaction, actor: Actor): Promise<{ isBlocked: boolean }> {
  const found = isCustomer(actor) ? await lockCustomerOfSession(trx, actor) : await lockAgentOfSession(trx, actor)
  if (found === undefined || actor.isEnded) throw unauthorized()
  if (found.role !== actor.role) throw new AppError('forbidden', 'Your role does not allow this.')
  return { isBlocked: found.blockedAt !== null }
}
