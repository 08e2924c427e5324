// Returns a conversation with a page of messages. The realtime layer subscribes the connection before this reads, so no
// event is lost between the snapshot and the first event.

import { selectChangedMessages, selectMessages } from '#db/queries/messages.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { conversationView } from '../conversation-state/views.ts'
import type { Actor } from '../shared/actor.ts'
import { loadVisible } from './get-conversation.ts'

/**
 * Without afterSeq: the newest page; hasMore means older messages exist. With afterSeq: the messages after it; hasMore
 * means newer ones exist. With afterVersion too: messages up to afterSeq that changed since come first. If those exceed
 * `limit`, the reply holds only them with hasMore, and the client continues from the last one's version.
 */
export async function openConversation(
  app: App,
  actor: Actor,
  { conversationId, afterSeq, afterVersion, limit = limits.defaultPageSize }: RequestPayloads['conversation:open'],
): Promise<RequestReplies['conversation:open']> {
  const conversation = conversationView(actor, await loadVisible(app, actor, conversationId))
  const changed =
    afterSeq === undefined || afterVersion === undefined
      ? { messages: [], hasMore: false }
      : await selectChangedMessages(app.db, { conversationId, upToSeq: afterSeq, afterVersion, limit })
  if (changed.hasMore) return { conversation, ...changed }
  const bytes = limits.pageBytes - Buffer.byteLength(JSON.stringify(changed.messages))
  const { messages, hasMore } = await selectMessages(app.db, { conversationId, afterSeq, limit, bytes })
  return { conversation, messages: [...changed.messages, ...messages], hasMore }
}
