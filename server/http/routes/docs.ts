// /api/docs: the HTTP API as an OpenAPI page, generated from the schemas that validate it. For callers on this machine.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { HttpServer } from '../route-auth.ts'

export const docsPath = '/api/docs'
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/** Call before the routes are registered: the plugin collects them. */
export async function serveDocs(http: HttpServer): Promise<void> {
  await http.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Kefu', version: '1', description: 'Sockets and the reasons behind the rules: PROTOCOL.md.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => {
      const [, noun] = /^\/api\/v1\/([a-z-]+)/.exec(url) ?? []
      if (noun === undefined) return { schema: { hide: true }, url }
      const isPublic = route.config?.roles === 'public'
      return { schema: { ...schema, tags: [noun], security: isPublic ? [] : [{ token: [] }] }, url }
    },
  })
  await http.register(swaggerUi, { routePrefix: docsPath, staticCSP: policy })
}
