// Ends the login session of a refresh token, and its connections. An invalid token changes nothing.

import { inTransaction } from '#db/core/transaction.ts'
import { lockLoginSession, revokeLoginSession } from '#db/queries/login-sessions.ts'
import type { App } from '../context.ts'
import { isRemembered, readToken } from './rotating-token.ts'

export async function logout(app: App, refreshToken: string | undefined): Promise<void> {
  const presented = readToken(refreshToken)
  if (presented === undefined) return
  const { sessionId, hash } = presented
  const userId = await inTransaction(app.db, async (trx) => {
    const session = await lockLoginSession(trx, sessionId)
    if (!session || !isRemembered(hash, session)) return undefined
    await revokeLoginSession(trx, sessionId)
    return session.userId
  })
  if (userId !== undefined) app.connections.end({ userId, sessionId }, 'revoked')
}
