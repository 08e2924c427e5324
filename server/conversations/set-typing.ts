// Publishes that the actor is typing, to everyone else in the conversation; nothing is stored. Only agents receive a
// customer's typing preview. Typing of a blocked customer is ignored.

import type { RequestPayloads } from '#protocol/requests.ts'
import { hasVisibleCharacter } from '#protocol/visible-text.ts'
import type { App } from '../context.ts'
import { assertVisible } from '../conversation-state/assert-visible.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

export async function setTyping(
  app: App,
  actor: Actor,
  { conversationId, typing, preview }: RequestPayloads['typing:set'],
): Promise<Record<string, never>> {
  const { customerBlockedAt } = await assertVisible(app, actor, conversationId)
  if (isCustomer(actor) && customerBlockedAt !== null) return {}
  const showsPreview = isCustomer(actor) && typing && preview !== undefined && hasVisibleCharacter(preview)
  app.publish(
    'typing:changed',
    { conversationId, exceptUserId: actor.userId, volatile: true },
    { conversationId, userId: actor.userId, role: actor.role, typing, ...(showsPreview ? { preview } : {}) },
  )
  return {}
}
