// Site administration: where the widget is embedded.

import { calls } from '#protocol/http.ts'
import type { App } from '../../context.ts'
import { createSite } from '../../sites/create-site.ts'
import { listSites } from '../../sites/list-sites.ts'
import { newIdentitySecret } from '../../sites/new-identity-secret.ts'
import { updateSite } from '../../sites/update-site.ts'
import { admins, agentOf, type HttpServer } from '../route-auth.ts'

export function siteRoutes(app: App, http: HttpServer): void {
  http.get('/sites', { config: admins, schema: calls['GET /sites'] }, (request) => listSites(app, agentOf(request)))

  http.post('/sites', { config: admins, schema: calls['POST /sites'] }, (request, reply) => {
    reply.code(201)
    return createSite(app, agentOf(request), request.body)
  })

  http.patch('/sites/:id', { config: admins, schema: calls['PATCH /sites/:id'] }, (request) =>
    updateSite(app, agentOf(request), { ...request.body, id: Number(request.params.id) }),
  )

  http.post(
    '/sites/:id/identity-secret',
    { config: admins, schema: calls['POST /sites/:id/identity-secret'] },
    (request, reply) => {
      reply.code(201)
      return newIdentitySecret(app, agentOf(request), { ...request.body, id: Number(request.params.id) })
    },
  )
}
