// The launcher's appearance for the pages of a site, and the customer session that the widget's frame starts.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { endSession } from '../../customers/end-session.ts'
import { startSession } from '../../customers/start-session.ts'
import { clientAddress } from '../../shared/client-address.ts'
import { siteLook } from '../../sites/site-look.ts'
import { continuations, type HttpServer, pages } from '../route-auth.ts'

export function widgetRoutes(app: App, http: HttpServer): void {
  // The only response that pages of any origin may read: it is public and the same for everyone.
  http.get('/widget/sites/:key', { config: pages, schema: calls['GET /widget/sites/:key'] }, async (request, reply) => {
    reply.header('access-control-allow-origin', '*')
    const look = await siteLook(app, request.params.key)
    reply.header('cache-control', 'public, max-age=60')
    return look
  })

  http.post('/widget/session', { config: continuations, schema: calls['POST /widget/session'] }, (request) =>
    startSession(app, request.body, clientAddress(app.config, request.raw)),
  )

  http.post(
    '/widget/logout',
    { config: continuations, schema: calls['POST /widget/logout'] },
    async (request, reply) => {
      await endSession(app, request.body)
      return reply.code(204).send()
    },
  )
}
