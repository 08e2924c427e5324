// A page of a conversation's history, by seq.

import { findConversationState } from '#db/conversations.ts'
import { listMessages as listPage } from '#db/messages.ts'
import { limits } from '#protocol/limits.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMaySee } from '../conversations/access.ts'
import { AppError } from '../errors.ts'

export async function listMessages(
  app: App,
  actor: Actor,
  { conversationId, beforeSeq, afterSeq, limit = limits.defaultPageSize }: RequestPayloads['message:list'],
): Promise<RequestReplies['message:list']> {
  if (beforeSeq !== undefined && afterSeq !== undefined) {
    throw new AppError('invalid_request', 'Ask for what stands before or for what follows, not for both.')
  }
  assertMaySee(actor, await findConversationState(app.db, conversationId))
  return listPage(app.db, { conversationId, beforeSeq, afterSeq, limit })
}
