// Marks a conversation as read up to a seq. The receipt writer groups receipts into batches.

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
