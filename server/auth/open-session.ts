// A new login session, and what whoever logs in or refreshes is given.

import type { Transaction } from '#db/core/database.ts'
import { insertLoginSession } from '#db/queries/login-sessions.ts'
import type { User } from '#protocol/entities.ts'
import type { LoginReply } from '#protocol/http.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { hashSecret, newSecret, writeToken } from './rotating-token.ts'
import { signAccessToken } from './tokens.ts'

/** The refresh token is for a cookie that no script reads, never for the body. */
export interface LoggedIn {
  reply: LoginReply
  refreshToken: string
  /** For a cookie too: this browser is one of the user's from now on. */
  device?: string
}

/** What somebody logs in with. */
export interface Browser {
  address: ClientAddress
  userAgent: string | null
  /** The cookie of a login before. */
  device?: string | undefined
}

export async function openSession(trx: Transaction, userId: number, { userAgent }: Browser) {
  const secret = newSecret()
  const sessionId = await insertLoginSession(trx, userId, { tokenHash: hashSecret(secret), userAgent })
  return { sessionId, refreshToken: writeToken(sessionId, secret) }
}

export function loginReply(app: App, user: User, sessionId: number): LoginReply {
  return { ...signAccessToken(app, { userId: user.id, sessionId, audience: 'agent' }), user }
}
