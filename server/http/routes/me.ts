// The profile and login sessions of the agent who calls.

import { calls } from '#protocol/http.ts'
import { endOtherSessions, endSession } from '../../auth/end-sessions.ts'
import { listSessions } from '../../auth/list-sessions.ts'
import type { App } from '../../context.ts'
import { getMe } from '../../users/get-me.ts'
import { updateMe } from '../../users/update-me.ts'
import { agentOf, agents, type HttpServer } from '../route-auth.ts'

export function meRoutes(app: App, http: HttpServer): void {
  http.get('/me', { config: agents, schema: calls['GET /me'] }, (request) => getMe(app, agentOf(request)))

  http.patch('/me', { config: agents, schema: calls['PATCH /me'] }, (request) =>
    updateMe(app, agentOf(request), request.body),
  )

  http.get('/me/sessions', { config: agents, schema: calls['GET /me/sessions'] }, (request) =>
    listSessions(app, agentOf(request)),
  )

  http.delete('/me/sessions', { config: agents, schema: calls['DELETE /me/sessions'] }, async (request, reply) => {
    await endOtherSessions(app, agentOf(request))
    return reply.code(204).send()
  })

  http.delete(
    '/me/sessions/:id',
    { config: agents, schema: calls['DELETE /me/sessions/:id'] },
    async (request, reply) => {
      await endSession(app, agentOf(request), Number(request.params.id))
      return reply.code(204).send()
    },
  )
}
