// Timeouts for request bodies: limits.requestMs, or the route's bodyMs. After an early response the rest of the body is
// read for serverLimits.refusedBodyMs, so that the client can read the response, and then the connection is closed.

import type { IncomingMessage } from 'node:http'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { HttpServer } from './route-auth.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** From the first byte of the body to the last. */
    bodyMs?: number
  }
}

export function enforceBodyTimeouts(http: HttpServer): void {
  const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>()

  function endAfter(request: IncomingMessage, ms: number): void {
    if (!hasBody(request) || request.complete) return
    const before = timers.get(request)
    clearTimeout(before)
    timers.set(
      request,
      setTimeout(() => request.complete || request.socket.destroy(), ms),
    )
    if (before === undefined) request.once('close', () => clearTimeout(timers.get(request)))
  }

  // Socket.IO has registered its listener by then. Fastify never sees its requests.
  http.addHook('onReady', async () => {
    http.server.prependListener('request', (request) => endAfter(request, limits.requestMs))
  })
  http.addHook('onRequest', async ({ raw, routeOptions }) => {
    const { bodyMs } = routeOptions.config
    if (bodyMs !== undefined) endAfter(raw, bodyMs)
  })
  http.addHook('onResponse', async ({ raw }) => endAfter(raw, serverLimits.refusedBodyMs))
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
