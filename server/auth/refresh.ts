// Exchanges a refresh token for an access token and the next refresh token. For limits.refreshGraceMs the previous
// token gets the same successor, since a reply may be lost or two tabs may refresh together. After that, reuse means
// that the token was copied, and the session ends.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { lockLoginSession, revokeLoginSession, rotateLoginSession } from '#db/queries/login-sessions.ts'
import { findUser } from '#db/queries/users.ts'
import type { App } from '../context.ts'
import { logSecurity } from '../shared/security-log.ts'
import { type LoggedIn, loginReply } from './open-session.ts'
import {
  hashSecret,
  isSameHash,
  type PresentedToken,
  readToken,
  successorInUse,
  successorOf,
  writeToken,
} from './rotating-token.ts'
import { unauthorized } from './tokens.ts'

export async function refresh(app: App, refreshToken: string | undefined): Promise<LoggedIn> {
  const presented = readToken(refreshToken)
  if (presented === undefined) throw unauthorized()
  const { sessionId } = presented
  const outcome = await inTransaction(app.db, (trx) => rotate(app, trx, presented))
  if (outcome?.reusedOf !== undefined) {
    app.connections.end({ userId: outcome.reusedOf, sessionId }, 'revoked')
    logSecurity(app, 'token_reused', { userId: outcome.reusedOf, sessionId })
  }
  if (outcome?.user === undefined) throw unauthorized()
  return { reply: loginReply(app, outcome.user, sessionId), refreshToken: writeToken(sessionId, outcome.secret) }
}

/** The user and the next secret; or the owner of a reused token; or undefined, which changes nothing. */
async function rotate(app: App, trx: Transaction, { sessionId, hash }: PresentedToken) {
  const session = await lockLoginSession(trx, sessionId)
  const user = session && (await findUser(trx, session.userId))
  if (session === undefined || user === undefined || user.isDisabled) return undefined
  if (isSameHash(hash, session.tokenHash)) {
    const secret = successorOf(app, hash)
    await rotateLoginSession(trx, session, hashSecret(secret))
    return { user, secret }
  }
  if (!isSameHash(hash, session.previousHash)) return undefined
  if (!session.isInGrace) {
    await revokeLoginSession(trx, sessionId)
    return { reusedOf: user.id }
  }
  const secret = successorInUse(app, session)
  return secret === undefined ? undefined : { user, secret }
}
