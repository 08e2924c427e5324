// Who is it? A token says which user and session; the rows of both, as they stand, decide. Everything about the actor is from its row.

import { findCustomerOfSession } from '#db/customer-sessions.ts'
import { findAgentOfSession } from '#db/login-sessions.ts'
import type { Actor } from '../actor.ts'
import type { ClientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { unauthorized, verifyAccessToken } from './tokens.ts'

/** expiresAt is the token's own end, in milliseconds since 1970. Throws unauthorized alike whatever is wrong. */
export async function authenticate(
  app: Pick<App, 'db' | 'jwtSecrets' | 'now'>,
  token: unknown,
  address: ClientAddress,
): Promise<{ actor: Actor; expiresAt: number }> {
  const { userId, sessionId, audience, expiresAt } = verifyAccessToken(app, token)
  const find = audience === 'customer' ? findCustomerOfSession : findAgentOfSession
  const row = await find(app.db, { userId, sessionId })
  if (row === undefined) throw unauthorized()
  return { actor: { ...row, address }, expiresAt }
}
