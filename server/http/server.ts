// Assembles the HTTP edge: limits, headers, authorization and the routes of each noun. It holds no rules about
// customers or messages.

import { fileURLToPath } from 'node:url'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { limits } from '#protocol/limits/wire.ts'
import type { App } from '../context.ts'
import { assertBoundedJson } from '../shared/bounded-json.ts'
import type { AppError } from '../shared/errors.ts'
import { admit, admitRequests } from './admission.ts'
import { enforceBodyTimeouts } from './body-timeouts.ts'
import { compileCheck } from './check-request.ts'
import { isBusy, isWebSocket, limitConnections } from './connections.ts'
import { rawHeaders, sendError, sendUnreadable } from './error-handler.ts'
import { drainOnClose } from './graceful-shutdown.ts'
import { guardRoutes, type HttpServer, routeNotFound } from './route-auth.ts'
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

/** Does not listen yet. `pages` is the folder of the built pages. Where it is missing, they answer 503. */
export async function createHttpServer(app: App, pages: string = builtPages): Promise<HttpServer> {
  const http = fastify({
    // Fastify would log addresses. sendError logs internal failures.
    logger: false,
    bodyLimit: limits.requestBytes,
    // For uploads. enforceBodyTimeouts closes all other requests much sooner.
    requestTimeout: limits.uploadMs,
    http: {
      headersTimeout: limits.httpHeadersMs,
      connectionsCheckingInterval: 1_000,
      shouldUpgradeCallback: isWebSocket,
      // limitConnections rejects it instead, with the usual error body.
      requireHostHeader: false,
    },
    connectionTimeout: 60_000,
    trustProxy: [...app.config.trustedProxies],
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // drainOnClose first lets requests in flight finish.
    forceCloseConnections: true,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendUnroutable(app, error, request as never, reply as never),
    clientErrorHandler: (error, socket) => sendUnreadable(error, socket, isBusy(socket)),
  }).withTypeProvider<TypeBoxTypeProvider>()

  http.setValidatorCompiler(compileCheck)
  // Response schemas are for types, docs and tests: the default serializer would drop fields outside them.
  http.setSerializerCompiler(() => (body) => JSON.stringify(body))
  http.removeContentTypeParser('text/plain')
  parseBoundedJson(http)
  http.setErrorHandler((error, request, reply) => sendError(app, error, request, reply))
  http.setNotFoundHandler(() => {
    throw routeNotFound()
  })
  limitConnections(app, http)
  drainOnClose(http)
  enforceBodyTimeouts(http)
  await http.register(helmet, standardHeaders(app.config))
  reportUntrustedProxies(app, http)
  admitRequests(app, http)
  await http.register(cookie)
  guardRoutes(app, http, { [docsPath]: 'local' })

  await serveDocs(http)
  await http.register(
    async (api) => {
      for (const addRoutes of routes) addRoutes(app, api)
    },
    { prefix: '/api/v1' },
  )
  healthRoutes(app, http)
  metricsRoutes(app, http)
  securityTxtRoute(app, http)
  await servePages(app, http, pages)
  return http
}

/** Bounds a JSON body before Fastify's own parser reads it. */
function parseBoundedJson(http: HttpServer): void {
  const parse = http.getDefaultJsonParser('error', 'error')
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    try {
      assertBoundedJson(body as string)
    } catch (error) {
      return done(error as AppError)
    }
    parse(request, body as string, done)
  })
}

/** Answers a path that cannot be decoded or has too long a parameter. No hook has run for it. */
function sendUnroutable(app: App, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(rawHeaders)
  try {
    admit(app, request, reply)
    sendError(app, error, request, reply)
  } catch (refusal) {
    sendError(app, refusal, request, reply)
  }
}

const routes = [
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
