// A reader has seen everything up to a seq: the use case. The receipt is written with those of others (read-marker.ts).

import type { Receipt } from '#protocol/entities.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import type { Actor } from '../shared/actor.ts'

export async function markRead(
  app: App,
  actor: Actor,
  { conversationId, seq }: RequestPayloads['message:mark-read'],
): Promise<{ receipt: Receipt }> {
  return { receipt: await app.receiptWriter.mark({ actor, conversationId, seq }) }
}
