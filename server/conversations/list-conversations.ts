// Pages of conversations: an agent's views, a customer's own.

import { fitPage } from '#db/core/keyset.ts'
import { selectConversationsInView, selectConversationsOfCustomer } from '#db/queries/conversation-records.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { withLastMessages } from '../conversation-state/load.ts'
import { conversationView } from '../conversation-state/views.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'

export async function listConversations(
  app: App,
  actor: Actor,
  { view = 'all', cursor, limit = limits.defaultPageSize }: RequestPayloads['conversation:list'],
): Promise<RequestReplies['conversation:list']> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  const page = isCustomer(actor)
    ? await selectConversationsOfCustomer(app.db, actor.userId, after, limit)
    : await selectConversationsInView(app.db, view, actor.userId, after, limit)
  const whole = await withLastMessages(app.db, page.items)
  const conversations = fitPage(whole.map((one) => conversationView(actor, one)))
  const next = conversations.length < whole.length ? page.places[conversations.length - 1] : page.next
  return { conversations, nextCursor: next ? encodeCursor(next) : null }
}
