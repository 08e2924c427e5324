// Opens a login session, and builds the reply to a login or a refresh.

import type { Transaction } from '#db/core/database.ts'
import { insertLoginSession } from '#db/queries/login-sessions.ts'
import type { User } from '#protocol/entities.ts'
import type { LoginReply } from '#protocol/http.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { hashSecret, newSecret, writeToken } from './rotating-token.ts'
import { signAccessToken } from './tokens.ts'

/** The refresh token goes into an HttpOnly cookie, never into the body. */
export interface LoggedIn {
  reply: LoginReply
  refreshToken: string
  /** A cookie value that marks this browser as a trusted device. */
  device?: string
}

/** The browser that logs in. */
export interface Browser {
  address: ClientAddress
  userAgent: string | null
  /** The device cookie of an earlier login. */
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
