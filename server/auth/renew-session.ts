// A new token for a connection that stays open.

import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { authenticate } from './authenticate.ts'
import { badToken } from './tokens.ts'

/** The token must be of the same user and session; anyone else connects anew. expiresIn is in seconds, rounded down. */
export async function renewSession(
  app: App,
  actor: Actor,
  { token }: RequestPayloads['session:renew'],
): Promise<RequestReplies['session:renew']> {
  const renewed = await authenticate(app, token)
  if (renewed.actor.userId !== actor.userId || renewed.actor.sessionId !== actor.sessionId) throw badToken()
  return { expiresIn: Math.floor((renewed.expiresAt - app.now()) / 1000) }
}
