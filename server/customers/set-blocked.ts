// Blocks or unblocks a customer. A blocked customer still sees their conversations; agents get the change.

import { inTransaction } from '#db/core/transaction.ts'
import { touchConversationsOfCustomer } from '#db/queries/conversations.ts'
import { findCustomer, lockUser, saveBlocked } from '#db/queries/users.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export async function setBlocked(
  app: App,
  actor: AgentActor,
  { customerId, blocked }: RequestPayloads['customer:set-blocked'],
): Promise<RequestReplies['customer:set-blocked']> {
  const changedIds = await inTransaction(app.db, async (trx, again) => {
    await assertStillMay(trx, actor)
    const row = await lockUser(trx, customerId)
    if (!row || !(await findCustomer(trx, customerId))) throw new AppError('not_found', 'There is no such customer.')
    // Keeps the time of the first block.
    if (row.isBlocked === blocked && !again) return []
    await saveBlocked(trx, customerId, blocked)
    return touchConversationsOfCustomer(trx, customerId)
  })
  void publishMany(app, changedIds, 'customer')
  return { customerId, blocked }
}
