// Moves a browser from its session to the customer whom the shop identifies. Histories are never merged: an anonymous
// customer isAdopted the identified one only if that one is new. The new session makes earlier tokens useless.

import type { Transaction } from '#db/core/database.ts'
import {
  insertCustomerSession,
  revokeCustomerSession,
  revokeOtherCustomerSessions,
} from '#db/queries/customer-sessions.ts'
import { findExternalId, findOrInsertIdentifiedCustomer, saveExternalId } from '#db/queries/identified-customers.ts'
import { hashSecret, newSecret } from '../auth/rotating-token.ts'
import type { ConnectionMatch } from '../ports.ts'
import type { ContinuedSession } from './resume-session.ts'

/** `ended`: the connections of the previous session. */
export async function identify(
  trx: Transaction,
  siteId: number,
  before: ContinuedSession | undefined,
  externalId: string,
): Promise<ContinuedSession & { ended?: ConnectionMatch }> {
  const externalIdBefore = before && (await findExternalId(trx, before.customerId))
  if (before && externalIdBefore === externalId) return before
  const isAdopted =
    before !== undefined && externalIdBefore === null && (await saveExternalId(trx, before.customerId, externalId))
  const customerId = isAdopted ? before.customerId : await findOrInsertIdentifiedCustomer(trx, siteId, externalId)
  const secret = newSecret()
  const sessionId = await insertCustomerSession(trx, customerId, hashSecret(secret))
  const started = { customerId, sessionId, secret }
  if (before === undefined) return started
  if (isAdopted) {
    await revokeOtherCustomerSessions(trx, customerId, sessionId)
    return { ...started, ended: { userId: customerId, exceptSessionId: sessionId } }
  }
  await revokeCustomerSession(trx, before.sessionId)
  return { ...started, ended: { userId: before.customerId, sessionId: before.sessionId } }
}
