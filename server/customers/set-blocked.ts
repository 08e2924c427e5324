// An agent stops a customer from writing, or lets them write again. They go on seeing what they have; colleagues are told.

import { touchConversationsOfCustomer } from '#db/conversations.ts'
import { inTransaction } from '#db/transaction.ts'
import { findCustomer, lockUser, saveBlocked } from '#db/users.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { AgentActor } from '../actor.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import { tellInTurn } from '../conversations/tell.ts'
import { AppError } from '../errors.ts'

export async function setBlocked(
  app: App,
  actor: AgentActor,
  { customerId, blocked }: RequestPayloads['customer:set-blocked'],
): Promise<RequestReplies['customer:set-blocked']> {
  const changedIds = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    const row = await lockUser(trx, customerId)
    if (!row || !(await findCustomer(trx, customerId))) throw new AppError('not_found', 'There is no such customer.')
    // Since when somebody is blocked stays as it was.
    if (row.isBlocked === blocked && !again) return []
    await saveBlocked(trx, customerId, blocked)
    return touchConversationsOfCustomer(trx, customerId)
  })
  void tellInTurn(app, changedIds, 'customer')
  return { customerId, blocked }
}
