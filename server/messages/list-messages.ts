// A page of a conversation's history, by seq.

import { selectMessages } from '#db/queries/messages.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertVisible } from '../conversation-state/assert-visible.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export async function listMessages(
  app: App,
  actor: Actor,
  { conversationId, beforeSeq, afterSeq, limit = limits.defaultPageSize }: RequestPayloads['message:list'],
): Promise<RequestReplies['message:list']> {
  if (beforeSeq !== undefined && afterSeq !== undefined) {
    throw new AppError('invalid_request', 'Ask for what stands before or for what follows, not for both.')
  }
  await assertVisible(app, actor, conversationId)
  return selectMessages(app.db, { conversationId, beforeSeq, afterSeq, limit })
}
