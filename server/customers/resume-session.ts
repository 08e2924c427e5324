// Continues a browser's session by its resume token or an access token. Each use replaces the resume token. The
// previous one gets the same successor until that successor is used, and earlier ones stay valid for
// limits.resumeGraceMs.

import type { Transaction } from '#db/core/database.ts'
import { type CustomerSession, lockCustomerSession, rotateCustomerSession } from '#db/queries/customer-sessions.ts'
import type { WidgetSessionBody } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { currentToken, type Rotation, readToken, rotateToken } from '../auth/rotating-token.ts'
import { readAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'

export interface ContinuedSession {
  customerId: number
  sessionId: number
  /** Of the next resume token. */
  secret: string
}

const rules = { graceMs: limits.resumeGraceMs, detectsReuse: false }

/** Undefined if no token continues a session of this site. */
export async function continueSession(
  app: App,
  trx: Transaction,
  siteId: number,
  body: WidgetSessionBody,
): Promise<ContinuedSession | undefined> {
  return (await resume(app, trx, siteId, body)) ?? (await resumeByAccessToken(app, trx, siteId, body))
}

async function resume(app: App, trx: Transaction, siteId: number, { resumeToken }: WidgetSessionBody) {
  const presented = readToken(resumeToken)
  const session = presented && (await lockCustomerSession(trx, { id: presented.sessionId, siteId }))
  if (!session) return undefined
  const rotation = rotateToken(app, session, presented, rules)
  return typeof rotation === 'string' ? undefined : save(trx, session, rotation)
}

/** The caller may hold no resume token, or one whose reply was lost, so that the current one remains where it can. */
async function resumeByAccessToken(app: App, trx: Transaction, siteId: number, { token }: WidgetSessionBody) {
  const claims = readAccessToken(app, token)
  if (claims?.audience !== 'customer') return undefined
  const session = await lockCustomerSession(trx, { id: claims.sessionId, siteId })
  return session?.customerId === claims.userId ? save(trx, session, currentToken(app, session)) : undefined
}

async function save(
  trx: Transaction,
  session: CustomerSession,
  { secret, changes }: Rotation,
): Promise<ContinuedSession> {
  if (changes) await rotateCustomerSession(trx, session.id, changes)
  return { customerId: session.customerId, sessionId: session.id, secret }
}
