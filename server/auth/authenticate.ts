// Resolves an access token to an actor. The token names user and session; their current rows decide everything else.

import { findCustomerOfSession } from '#db/queries/customer-sessions.ts'
import { findAgentOfSession } from '#db/queries/login-sessions.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { type AccessToken, unauthorized, verifyAccessToken } from './tokens.ts'

export interface Authenticated {
  actor: Actor
  /** When the token expires, in milliseconds since 1970. */
  expiresAt: number
}

/** Throws the same unauthorized for every defect. */
export async function authenticate(
  app: Pick<App, 'db' | 'jwtSecrets' | 'now'>,
  token: unknown,
  address: ClientAddress,
): Promise<Authenticated> {
  const claims = verifyAccessToken(app, token)
  return toAuthenticated(claims, await readActor(app, claims, address))
}

/** Like authenticate, and registers the actor as current on this node until app.actors.leave. */
export async function admit(
  app: Pick<App, 'db' | 'jwtSecrets' | 'now' | 'actors'>,
  token: unknown,
  address: ClientAddress,
): Promise<Authenticated> {
  const claims = verifyAccessToken(app, token)
  return toAuthenticated(claims, await app.actors.enter(claims, () => readActor(app, claims, address)))
}

async function readActor(
  { db }: Pick<App, 'db'>,
  { userId, sessionId, audience }: AccessToken,
  address: ClientAddress,
): Promise<Actor | undefined> {
  const row = await (audience === 'customer' ? findCustomerOfSession : findAgentOfSession)(db, { userId, sessionId })
  return row && { ...row, address }
}

function toAuthenticated({ expiresAt }: AccessToken, actor: Actor | undefined): Authenticated {
  if (actor === undefined) throw unauthorized()
  return { actor, expiresAt }
}
