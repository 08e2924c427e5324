// The session that a browser had before, by its resume token or an access token. The resume token is replaced at each use; the one before
// it is answered with the same successor for as long as that has not been used, whenever that is.

import type { Transaction } from '#db/core/database.ts'
import { type CustomerSession, lockCustomerSession, rotateCustomerSession } from '#db/queries/customer-sessions.ts'
import type { WidgetSessionBody } from '#protocol/http.ts'
import { hashSecret, isSameHash, readToken, successorInUse, successorOf } from '../auth/rotating-token.ts'
import { readAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'

export interface Continued {
  customerId: number
  sessionId: number
  /** The next resume token's. */
  secret: string
}

/** Undefined when there is none of this site that goes on. */
export async function continueSession(
  app: App,
  trx: Transaction,
  siteId: number,
  body: WidgetSessionBody,
): Promise<Continued | undefined> {
  return (await resume(app, trx, siteId, body)) ?? (await resumeByAccessToken(app, trx, siteId, body))
}

/** By resume token: the current one, or the one before it if what followed was never used. */
async function resume(app: App, trx: Transaction, siteId: number, { resumeToken }: WidgetSessionBody) {
  const presented = readToken(resumeToken)
  const session = presented && (await lockCustomerSession(trx, { id: presented.sessionId, siteId }))
  if (!session) return undefined
  if (isSameHash(presented.hash, session.tokenHash)) return rotate(app, trx, session)
  const secret = isSameHash(presented.hash, session.previousHash) ? successorInUse(app, session) : undefined
  return secret === undefined ? undefined : { customerId: session.customerId, sessionId: session.id, secret }
}

/** By access token. */
async function resumeByAccessToken(app: App, trx: Transaction, siteId: number, { token }: WidgetSessionBody) {
  const known = readAccessToken(app, token)
  if (known?.audience !== 'customer') return undefined
  const session = await lockCustomerSession(trx, { id: known.sessionId, siteId })
  return session?.customerId === known.userId ? rotate(app, trx, session) : undefined
}

async function rotate(app: App, trx: Transaction, session: CustomerSession): Promise<Continued> {
  const secret = successorOf(app, session.tokenHash)
  await rotateCustomerSession(trx, session, hashSecret(secret))
  return { customerId: session.customerId, sessionId: session.id, secret }
}
