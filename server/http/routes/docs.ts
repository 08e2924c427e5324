// /api/docs: the HTTP API as an OpenAPI page, generated from the schemas that validate it. For callers on this machine.

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { openApiOptions } from '../openapi.ts'
import type { HttpServer } from '../route-auth.ts'

export const docsPath = '/api/docs'
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/** Call before the routes are registered: the plugin collects them. */
export async function serveDocs(http: HttpServer): Promise<void> {
  await http.register(swagger, openApiOptions)
  await http.register(swaggerUi, { routePrefix: docsPath, staticCSP: policy })
}
