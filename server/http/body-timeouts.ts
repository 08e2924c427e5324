// How long a body may take. All of a request has to be here within limits.requestMs, but for a route that says bodyMs; what is left of one
// that was answered before its end is read for a moment, so that the answer is heard, and then cut.

import type { IncomingMessage } from 'node:http'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { HttpServer } from './route-auth.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** From the first byte to the last. */
    bodyMs?: number
  }
}

export function limitBodies(http: HttpServer): void {
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

  // By then Socket.IO is there, too, whose requests Fastify never sees.
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
