// Exchanges a refresh token for an access token and the next refresh token. Earlier tokens stay valid for
// limits.refreshGraceMs, since a reply may be lost or tabs may refresh together. After that, reuse means that the token
// was copied, and the session ends.

import type { Transaction } from '#db/core/database.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { lockLoginSession, revokeLoginSession, rotateLoginSession } from '#db/queries/login-sessions.ts'
import { findUser } from '#db/queries/users.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { App } from '../context.ts'
import { logSecurity } from '../shared/security-log.ts'
import { type LoggedIn, loginReply } from './open-session.ts'
import { type PresentedToken, readToken, rotateToken, writeToken } from './rotating-token.ts'
import { unauthorized } from './tokens.ts'

const rules = { graceMs: limits.refreshGraceMs, detectsReuse: true }

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
async function rotate(app: App, trx: Transaction, presented: PresentedToken) {
  const session = await lockLoginSession(trx, presented.sessionId)
  const user = session && (await findUser(trx, session.userId))
  if (session === undefined || user === undefined || user.isDisabled) return undefined
  const rotation = rotateToken(app, session, presented, rules)
  if (rotation === 'unknown') return undefined
  if (rotation === 'reused') {
    await revokeLoginSession(trx, session.id)
    return { reusedOf: user.id }
  }
  if (rotation.changes) await rotateLoginSession(trx, session.id, rotation.changes)
  return { user, secret: rotation.secret }
}
