// Ends a customer session in one browser, and its connections, for the customer or the shop's page. An invalid token
// changes nothing.

import { inTransaction } from '#db/core/transaction.ts'
import { lockCustomerSession, revokeCustomerSession } from '#db/queries/customer-sessions.ts'
import type { WidgetLogoutBody } from '#protocol/http.ts'
import { isRemembered, readToken } from '../auth/rotating-token.ts'
import type { App } from '../context.ts'

export async function endSession(app: App, { resumeToken }: WidgetLogoutBody): Promise<void> {
  const presented = readToken(resumeToken)
  if (presented === undefined) return
  const { sessionId, hash } = presented
  const userId = await inTransaction(app.db, async (trx) => {
    const session = await lockCustomerSession(trx, { id: sessionId })
    if (!session || !isRemembered(hash, session)) return undefined
    await revokeCustomerSession(trx, sessionId)
    return session.customerId
  })
  if (userId !== undefined) app.connections.end({ userId, sessionId }, 'revoked')
}
