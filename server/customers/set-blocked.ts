// Blocks or unblocks a customer. A blocked customer still sees their conversations; agents get the change.

import { selectPublishedIdsOfCustomer } from '#db/queries/conversations.ts'
import { findCustomer, lockUser, saveBlocked } from '#db/queries/users.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'
import { touchConversations } from '../conversation-state/touch-conversations.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export async function setBlocked(
  app: App,
  actor: AgentActor,
  { customerId, blocked }: RequestPayloads['customer:set-blocked'],
): Promise<RequestReplies['customer:set-blocked']> {
  await inUnitOfWork(app, async (unit) => {
    const { trx, isRetry } = unit
    await assertStillMay(trx, actor)
    const row = await lockUser(trx, customerId)
    if (!row || !(await findCustomer(trx, customerId))) throw new AppError('not_found', 'There is no such customer.')
    // Keeps the time of the first block.
    if (row.isBlocked === blocked && !isRetry) return
    await saveBlocked(trx, customerId, blocked)
    const ids = await touchConversations(unit, await selectPublishedIdsOfCustomer(trx, customerId))
    unit.afterCommit(() => void publishMany(app, ids, 'customer'))
  })
  return { customerId, blocked }
}
