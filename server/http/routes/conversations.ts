// Conversations over HTTP, for programs without a socket.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { getConversation } from '../../conversations/get-conversation.ts'
import { listConversations } from '../../conversations/list-conversations.ts'
import { pageSize } from '../query.ts'
import { actorOf, agents, both, type HttpServer } from '../route-auth.ts'

export function conversationRoutes(app: App, http: HttpServer): void {
  http.get('/conversations', { config: agents, schema: calls['GET /conversations'] }, (request) => {
    const { limit, ...query } = request.query
    const actor = actorOf(request)
    return app.pageReads.run(actor.userId, () => listConversations(app, actor, { ...query, ...pageSize(limit) }))
  })

  http.get('/conversations/:id', { config: both, schema: calls['GET /conversations/:id'] }, (request) =>
    getConversation(app, actorOf(request), { conversationId: Number(request.params.id) }),
  )
}
