// Pages of conversations: an agent's views, a customer's own.

import { listConversationsInView, listConversationsOfCustomer } from '#db/conversation-records.ts'
import { limits } from '#protocol/limits.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { withLastMessages } from './read.ts'
import { conversationView } from './view.ts'

export async function listConversations(
  app: App,
  actor: Actor,
  { view = 'all', cursor, limit = limits.defaultPageSize }: RequestPayloads['conversation:list'],
): Promise<RequestReplies['conversation:list']> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  const page = isCustomer(actor)
    ? await listConversationsOfCustomer(app.db, actor.userId, after, limit)
    : await listConversationsInView(app.db, view, actor.userId, after, limit)
  const whole = await withLastMessages(app.db, page.items)
  return {
    conversations: whole.map((one) => conversationView(actor, one)),
    nextCursor: page.next === null ? null : encodeCursor(page.next),
  }
}
