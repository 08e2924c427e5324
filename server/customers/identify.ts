// From the session of a browser to the session of the customer whom the shop names. Histories are never merged: an anonymous customer
// becomes the known one only where the shop's customer is new here. Whoever is identified gets a new session, so that a token from before
// opens nothing of it.

import type { Transaction } from '#db/core/database.ts'
import {
  insertCustomerSession,
  revokeCustomerSession,
  revokeOtherCustomerSessions,
} from '#db/queries/customer-sessions.ts'
import { findExternalId, findOrInsertIdentifiedCustomer, saveExternalId } from '#db/queries/identified-customers.ts'
import { hashSecret, newSecret } from '../auth/rotating-token.ts'
import type { ConnectionMatch } from '../ports.ts'
import type { Continued } from './resume-session.ts'

/** `ended`: the connections that go with the session before. */
export async function identify(
  trx: Transaction,
  siteId: number,
  before: Continued | undefined,
  externalId: string,
): Promise<Continued & { ended?: ConnectionMatch }> {
  const externalIdBefore = before && (await findExternalId(trx, before.customerId))
  if (before && externalIdBefore === externalId) return before
  const becomes =
    before !== undefined && externalIdBefore === null && (await saveExternalId(trx, before.customerId, externalId))
  const customerId = becomes ? before.customerId : await findOrInsertIdentifiedCustomer(trx, siteId, externalId)
  const secret = newSecret()
  const sessionId = await insertCustomerSession(trx, customerId, hashSecret(secret))
  const started = { customerId, sessionId, secret }
  if (before === undefined) return started
  if (becomes) {
    await revokeOtherCustomerSessions(trx, customerId, sessionId)
    return { ...started, ended: { userId: customerId, exceptSessionId: sessionId } }
  }
  await revokeCustomerSession(trx, before.sessionId)
  return { ...started, ended: { userId: before.customerId, sessionId: before.sessionId } }
}
