// Somebody is writing. Passing: not stored, and not told to the one who types; a customer's unsent words go to agents alone.

import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { assertVisible } from './assert-visible.ts'

export async function setTyping(
  app: App,
  actor: Actor,
  { conversationId, typing, preview }: RequestPayloads['typing:set'],
): Promise<Record<string, never>> {
  await assertVisible(app, actor, conversationId)
  const showsPreview = isCustomer(actor) && typing && preview !== undefined
  app.publish(
    'typing:changed',
    { conversationId, exceptUserId: actor.userId, passing: true },
    { conversationId, userId: actor.userId, role: actor.role, typing, ...(showsPreview ? { preview } : {}) },
  )
  return {}
}
