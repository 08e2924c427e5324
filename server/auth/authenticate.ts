// Who is it? A token says which user and session; the rows of both, as they stand, decide. Everything about the actor is from its row.

import { findCustomerOfSession } from '#db/queries/customer-sessions.ts'
import { findAgentOfSession } from '#db/queries/login-sessions.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { type AccessToken, unauthorized, verifyAccessToken } from './tokens.ts'

export interface Authenticated {
  actor: Actor
  /** The token's own end, in milliseconds since 1970. */
  expiresAt: number
}

/** Throws unauthorized alike whatever is wrong. */
export async function authenticate(
  app: Pick<App, 'db' | 'jwtSecrets' | 'now'>,
  token: unknown,
  address: ClientAddress,
): Promise<Authenticated> {
  const named = verifyAccessToken(app, token)
  return asAuthenticated(named, await readActor(app, named, address))
}

/** The same; who is admitted is a current actor of this node until app.actors.leave. */
export async function admit(
  app: Pick<App, 'db' | 'jwtSecrets' | 'now' | 'actors'>,
  token: unknown,
  address: ClientAddress,
): Promise<Authenticated> {
  const named = verifyAccessToken(app, token)
  return asAuthenticated(named, await app.actors.enter(named, () => readActor(app, named, address)))
}

async function readActor(
  { db }: Pick<App, 'db'>,
  { userId, sessionId, audience }: AccessToken,
  address: ClientAddress,
): Promise<Actor | undefined> {
  const row = await (audience === 'customer' ? findCustomerOfSession : findAgentOfSession)(db, { userId, sessionId })
  return row && { ...row, address }
}

function asAuthenticated({ expiresAt }: AccessToken, actor: Actor | undefined): Authenticated {
  if (actor === undefined) throw unauthorized()
  return { actor, expiresAt }
}
