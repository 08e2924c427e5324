// Conversations over HTTP, for programs without a socket.

import { ConversationsQuery, IdParams } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { getConversation } from '../../conversations/get-conversation.ts'
import { listConversations } from '../../conversations/list-conversations.ts'
import { pageSize } from '../query.ts'
import { actorOf, agents, both, type HttpServer } from '../route-auth.ts'

export function conversationRoutes(app: App, http: HttpServer): void {
  http.get('/conversations', { config: agents, schema: { querystring: ConversationsQuery } }, (request) => {
    const { limit, ...query } = request.query
    return listConversations(app, actorOf(request), { ...query, ...pageSize(limit) })
  })

  http.get('/conversations/:id', { config: both, schema: { params: IdParams } }, (request) =>
    getConversation(app, actorOf(request), { conversationId: Number(request.params.id) }),
  )
}
