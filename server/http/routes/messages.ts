// Messages of a conversation over HTTP, with the same use cases as over a socket.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { listMessages } from '../../messages/list-messages.ts'
import { sendMessage } from '../../messages/send-message.ts'
import { pageSize } from '../query.ts'
import { actorOf, both, type HttpServer } from '../route-auth.ts'

export function messageRoutes(app: App, http: HttpServer): void {
  http.get(
    '/conversations/:id/messages',
    { config: both, schema: calls['GET /conversations/:id/messages'] },
    (request) => {
      const { before, after, limit } = request.query
      const actor = actorOf(request)
      const read = () =>
        listMessages(app, actor, {
          conversationId: Number(request.params.id),
          ...(before === undefined ? {} : { beforeSeq: Number(before) }),
          ...(after === undefined ? {} : { afterSeq: Number(after) }),
          ...pageSize(limit),
        })
      return app.pageReads.run(actor.userId, read)
    },
  )

  http.post(
    '/conversations/:id/messages',
    { config: both, schema: calls['POST /conversations/:id/messages'] },
    async (request, reply) => {
      const conversationId = Number(request.params.id)
      const { message, isDuplicate } = await sendMessage(app, actorOf(request), { ...request.body, conversationId })
      reply.code(isDuplicate ? 200 : 201)
      return { message }
    },
  )
}
