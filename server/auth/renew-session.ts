// Extends a connection past its token's expiry, by a newer token of the same user and session.

import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'
import { authenticate } from './authenticate.ts'
import { unauthorized } from './tokens.ts'

export async function renewSession(
  app: App,
  actor: Actor,
  { token }: RequestPayloads['session:renew'],
): Promise<RequestReplies['session:renew']> {
  const renewed = await authenticate(app, token, actor.address)
  if (renewed.actor.userId !== actor.userId || renewed.actor.sessionId !== actor.sessionId) throw unauthorized()
  // A connection keeps the role that it was opened with.
  if (renewed.actor.role !== actor.role) throw unauthorized()
  return { expiresIn: Math.floor((renewed.expiresAt - app.now()) / 1000) }
}
