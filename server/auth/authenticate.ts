// From a token to who it is: the user's own row and the session's, read anew each time, so that what was ended stays ended.

import { findCustomerActor } from '#db/customer-sessions.ts'
import { findAgentActor } from '#db/login-sessions.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { badToken, verifyAccessToken } from './tokens.ts'

export interface Authenticated {
  actor: Actor
  /** When the token ends, in milliseconds since 1970. */
  expiresAt: number
}

/** Throws unauthorized, alike for a bad token, a session that ended and a user who is disabled or of another kind. */
export async function authenticate(app: Pick<App, 'db' | 'jwtSecrets' | 'now'>, token: unknown): Promise<Authenticated> {
  const { userId, sessionId, audience, expiresAt } = verifyAccessToken(app, token)
  const actor =
    audience === 'customer'
      ? await findCustomerActor(app.db, userId, sessionId)
      : await findAgentActor(app.db, userId, sessionId)
  if (actor === undefined) throw badToken()
  return { actor, expiresAt }
}
