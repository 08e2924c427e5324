// Somebody is writing. Passing: not stored, and not told to the one who types; a customer's unsent words go to agents alone.

import { findConversationState } from '#db/conversations.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMaySee } from './access.ts'

export async function setTyping(
  app: App,
  actor: Actor,
  { conversationId, typing, preview }: RequestPayloads['typing:set'],
): Promise<Record<string, never>> {
  assertMaySee(actor, await findConversationState(app.db, conversationId))
  const showsPreview = isCustomer(actor) && typing && preview !== undefined
  app.publish(
    'typing:changed',
    { conversationId, exceptUserId: actor.userId, passing: true },
    { conversationId, userId: actor.userId, role: actor.role, typing, ...(showsPreview ? { preview } : {}) },
  )
  return {}
}
