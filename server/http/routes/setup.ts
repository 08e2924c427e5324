// Creates the first admin, once.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { getSetup } from '../../setup/get-setup.ts'
import { setup } from '../../setup/setup.ts'
import { browserOf, requireSameOrigin, setRefreshCookie } from '../auth-cookies.ts'
import { everyone, type HttpServer, pages } from '../route-auth.ts'

export function setupRoutes(app: App, http: HttpServer): void {
  http.get('/setup', { config: pages, schema: calls['GET /setup'] }, () => getSetup(app))

  http.post(
    '/setup',
    { config: everyone, onRequest: requireSameOrigin(app), schema: calls['POST /setup'] },
    async (request, reply) => {
      const { reply: body, refreshToken } = await setup(app, request.body, browserOf(app, request))
      setRefreshCookie(app, reply, refreshToken)
      reply.code(201)
      return body
    },
  )
}
