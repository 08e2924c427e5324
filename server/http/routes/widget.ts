// The launcher's appearance for the pages of a site, and the customer session that the widget's frame starts.

import { Type } from 'typebox'
import { WidgetLogoutBody, WidgetSessionBody } from '#protocol/http.ts'
import { ClientId } from '#protocol/schemas.ts'
import type { App } from '../../context.ts'
import { endSession } from '../../customers/end-session.ts'
import { startSession } from '../../customers/start-session.ts'
import { clientAddress } from '../../shared/client-address.ts'
import { siteLook } from '../../sites/site-look.ts'
import { continuations, type HttpServer, pages } from '../route-auth.ts'

const SiteParams = Type.Object({ key: ClientId }, { additionalProperties: false })

export function widgetRoutes(app: App, http: HttpServer): void {
  // The only response that pages of any origin may read: it is public and the same for everyone.
  http.get('/widget/sites/:key', { config: pages, schema: { params: SiteParams } }, async (request, reply) => {
    reply.header('access-control-allow-origin', '*')
    const look = await siteLook(app, request.params.key)
    reply.header('cache-control', 'public, max-age=60')
    return look
  })

  http.post('/widget/session', { config: continuations, schema: { body: WidgetSessionBody } }, (request) =>
    startSession(app, request.body, clientAddress(app.config, request.raw)),
  )

  http.post('/widget/logout', { config: continuations, schema: { body: WidgetLogoutBody } }, async (request, reply) => {
    await endSession(app, request.body)
    return reply.code(204).send()
  })
}
