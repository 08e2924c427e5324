// The conversation and its messages in one answer. The connection is subscribed before this reads (the edge sees to it), so nothing
// falls between what is read here and what is told from then on.

import { selectChangedMessages, selectMessages } from '#db/queries/messages.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { conversationView } from '../conversation-state/views.ts'
import type { Actor } from '../shared/actor.ts'
import { readVisible } from './get-conversation.ts'

/**
 * Without afterSeq the newest page, hasMore telling of older ones. With afterSeq what follows it, hasMore telling of newer ones; with
 * afterVersion also, in front, those up to afterSeq that changed since. Where these alone are more than `limit`, they alone, and hasMore:
 * asking again after the last one's version goes on.
 */
export async function openConversation(
  app: App,
  actor: Actor,
  { conversationId, afterSeq, afterVersion, limit = limits.defaultPageSize }: RequestPayloads['conversation:open'],
): Promise<RequestReplies['conversation:open']> {
  const whole = await readVisible(app, actor, conversationId)
  const conversation = conversationView(actor, whole)
  const changed =
    afterSeq === undefined || afterVersion === undefined
      ? { messages: [], hasMore: false }
      : await selectChangedMessages(app.db, { conversationId, upToSeq: afterSeq, afterVersion, limit })
  if (changed.hasMore) return { conversation, ...changed }
  const bytes = limits.pageBytes - Buffer.byteLength(JSON.stringify(changed.messages))
  const { messages, hasMore } = await selectMessages(app.db, { conversationId, afterSeq, limit, bytes })
  return { conversation, messages: [...changed.messages, ...messages], hasMore }
}
