// How long a body may take. All of a request has to be here within limits.requestMs, but for a route that says bodyMs; what is left of one
// that was answered before its end is read for a moment, so that the answer is heard, and then cut.

import type { FastifyRequest } from 'fastify'
import { limits } from '#protocol/limits.ts'
import type { HttpServer } from './callers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** From the first byte to the last. */
    bodyMs?: number
  }
}

export function limitBodies(http: HttpServer): void {
  http.addHook('onRequest', async (request) => {
    if (!request.raw.complete) endAfter(request, request.routeOptions.config.bodyMs ?? limits.requestMs)
  })
  http.addHook('onResponse', async (request) => {
    if (!request.raw.complete) endAfter(request, limits.refusedBodyMs)
  })
}

function endAfter({ raw }: FastifyRequest, ms: number): void {
  const timer = setTimeout(() => {
    if (!raw.complete) raw.socket.destroy()
  }, ms)
  raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
