// Continues a browser's session by its resume token or an access token. Each use replaces the resume token. The
// previous one gets the same successor until that successor is used.

import type { Transaction } from '#db/core/database.ts'
import { type CustomerSession, lockCustomerSession, rotateCustomerSession } from '#db/queries/customer-sessions.ts'
import type { WidgetSessionBody } from '#protocol/http.ts'
import { hashSecret, isSameHash, readToken, successorInUse, successorOf } from '../auth/rotating-token.ts'
import { readAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'

export interface ContinuedSession {
  customerId: number
  sessionId: number
  /** Of the next resume token. */
  secret: string
}

/** Undefined if no token continues a session of this site. */
export async function continueSession(
  app: App,
  trx: Transaction,
  siteId: number,
  body: WidgetSessionBody,
): Promise<ContinuedSession | undefined> {
  return (await resume(app, trx, siteId, body)) ?? (await resumeByAccessToken(app, trx, siteId, body))
}

/** By resume token: the current one, or the previous one if its successor was never used. */
async function resume(app: App, trx: Transaction, siteId: number, { resumeToken }: WidgetSessionBody) {
  const presented = readToken(resumeToken)
  const session = presented && (await lockCustomerSession(trx, { id: presented.sessionId, siteId }))
  if (!session) return undefined
  if (isSameHash(presented.hash, session.tokenHash)) return rotate(app, trx, session)
  const secret = isSameHash(presented.hash, session.previousHash) ? successorInUse(app, session) : undefined
  return secret === undefined ? undefined : { customerId: session.customerId, sessionId: session.id, secret }
}

async function resumeByAccessToken(app: App, trx: Transaction, siteId: number, { token }: WidgetSessionBody) {
  const claims = readAccessToken(app, token)
  if (claims?.audience !== 'customer') return undefined
  const session = await lockCustomerSession(trx, { id: claims.sessionId, siteId })
  return session?.customerId === claims.userId ? rotate(app, trx, session) : undefined
}

async function rotate(app: App, trx: Transaction, session: CustomerSession): Promise<ContinuedSession> {
  const secret = successorOf(app, session.tokenHash)
  await rotateCustomerSession(trx, session, hashSecret(secret))
  return { customerId: session.customerId, sessionId: session.id, secret }
}
