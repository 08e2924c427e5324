// The HTTP edge, assembled: limits, headers, who may call, and the routes of each noun. It decides nothing about customers or messages.

import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { limits } from '#protocol/limits/wire.ts'
import type { App } from '../context.ts'
import { admit, admitRequests } from './admission.ts'
import { limitBodies } from './body-timeouts.ts'
import { compileCheck } from './check-request.ts'
import { boundConnections, isBusy, isWebSocket } from './connections.ts'
import { rawHeaders, sendError, sendUnreadable } from './error-handler.ts'
import { finishInFlight } from './graceful-shutdown.ts'
import { guardRoutes, type HttpServer, noSuchRoute } from './route-auth.ts'
import { attachmentRoutes } from './routes/attachments.ts'
import { authRoutes } from './routes/auth.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { docsPath, serveDocs } from './routes/docs.ts'
import { healthRoutes } from './routes/health.ts'
import { meRoutes } from './routes/me.ts'
import { messageRoutes } from './routes/messages.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { servePages } from './routes/pages.ts'
import { setupRoutes } from './routes/setup.ts'
import { siteRoutes } from './routes/sites.ts'
import { userRoutes } from './routes/users.ts'
import { widgetRoutes } from './routes/widget.ts'
import { standardHeaders } from './security-headers.ts'
import { securityTxtRoute } from './security-txt.ts'
import { reportUntrustedProxies } from './untrusted-proxy.ts'

const builtPages = fileURLToPath(new URL('../../client-web/dist', import.meta.url))

/** Not listening yet. `pages` is the folder of the built pages; it may be missing, and they then say so. */
export async function createHttpServer(app: App, pages: string = builtPages): Promise<HttpServer> {
  const http = fastify({
    // Nothing about requests is logged but what failed inside, which sendError does: Fastify would log addresses.
    logger: false,
    bodyLimit: limits.requestBytes,
    // Of any request: limitBodies ends all but uploads much sooner.
    requestTimeout: limits.uploadMs,
    http: {
      headersTimeout: limits.httpHeadersMs,
      connectionsCheckingInterval: 1_000,
      shouldUpgradeCallback: isWebSocket,
      // boundConnections asks for it, with an answer in the shape of all others.
      requireHostHeader: false,
    },
    connectionTimeout: 60_000,
    trustProxy: [...app.config.trustedProxies],
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // finishInFlight lets requests be answered before connections are cut.
    forceCloseConnections: true,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendUnroutable(app, error, request as never, reply as never),
    clientErrorHandler: (error, socket) => sendUnreadable(error, socket, isBusy(socket)),
  }).withTypeProvider<TypeBoxTypeProvider>()

  http.setValidatorCompiler(compileCheck)
  http.removeContentTypeParser('text/plain')
  http.setErrorHandler((error, request, reply) => sendError(app, error, request, reply))
  http.setNotFoundHandler(() => {
    throw noSuchRoute()
  })
  boundConnections(app, http)
  finishInFlight(http)
  limitBodies(http)
  await http.register(helmet, standardHeaders(app.config))
  reportUntrustedProxies(app, http)
  admitRequests(app, http)
  await http.register(cookie)
  guardRoutes(app, http, { [docsPath]: 'local' })

  await serveDocs(http)
  await http.register(
    async (api) => {
      for (const addRoutes of calls) addRoutes(app, api)
    },
    { prefix: '/api/v1' },
  )
  healthRoutes(app, http)
  metricsRoutes(app, http)
  securityTxtRoute(app, http)
  await servePages(app, http, pages)
  return http
}

/** A path that cannot be decoded or has a parameter beyond any length: no hook has seen it. */
function sendUnroutable(app: App, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(rawHeaders)
  try {
    admit(app, request, reply)
    sendError(app, error, request, reply)
  } catch (refusal) {
    sendError(app, refusal, request, reply)
  }
}

const calls = [
  authRoutes,
  setupRoutes,
  meRoutes,
  userRoutes,
  siteRoutes,
  widgetRoutes,
  conversationRoutes,
  messageRoutes,
  attachmentRoutes,
]
