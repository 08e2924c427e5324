// Every failure leaves as {error: {code, message, retryable, details?}} with the code's status, whatever failed and however early.

import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errnoOf } from '#db/core/errors.ts'
import { errorCodes } from '#protocol/errors.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { App } from '../context.ts'
import { writeBounded } from '../shared/bounded-log.ts'
import { clientAddress } from '../shared/client-address.ts'
import { AppError, asAppError, errorBody } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'

export function sendError(app: App, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = asCallersFault(error) ?? asAppError(error)
  const route = request.routeOptions.url
  if (known.code === 'internal' || errnoOf(error) > 0) {
    const kind = `request_failed ${route} ${errnoOf(error) || (error instanceof Error ? error.name : typeof error)}`
    const level = known.code === 'internal' ? 'error' : 'warn'
    const write = () => app.log[level]({ err: error, method: request.method, route }, 'request failed')
    writeBounded(app, { kind, budget: 'failureLines' }, write)
  }
  if (known.code === 'forbidden') {
    const userId = request.actor?.userId
    const by = userId === undefined ? clientAddress(app.config, request.raw).group : undefined
    logSecurity(app, 'forbidden', { userId, what: route }, by)
  }
  const retryAfterMs = known.details?.retryAfterMs
  if (typeof retryAfterMs === 'number') reply.header('retry-after', Math.ceil(retryAfterMs / 1000))
  // Set by whoever thought that all would go well.
  reply.removeHeader('last-modified').removeHeader('etag').header('cache-control', 'no-store')
  reply.code(errorCodes[known.code].status).type('application/json; charset=utf-8').send(envelope(known))
}

/** What Fastify itself refuses; its words are about the request alone. */
function asCallersFault(error: unknown): AppError | null {
  if (error instanceof AppError || !(error instanceof Error) || !('statusCode' in error)) return null
  const { statusCode } = error
  if (typeof statusCode !== 'number' || statusCode >= 500) return null
  if (statusCode === 413) {
    return new AppError('too_large', `A request may be ${limits.requestBytes} bytes.`, { limit: limits.requestBytes })
  }
  return new AppError(statusCode === 404 ? 'not_found' : 'invalid_request', error.message.slice(0, 300))
}

const envelope = (error: AppError) => JSON.stringify({ error: errorBody(error) })

/** On answers that are made before there is a request: what standardHeaders says for all others. */
export const rawHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const

/** A whole answer that ends its connection. */
export function rawAnswer(status: string, error: AppError): string {
  const body = envelope(error)
  const headers = Object.entries({ ...rawHeaders, 'content-length': Buffer.byteLength(body), connection: 'close' })
  return `HTTP/1.1 ${status}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
rawAnswer.body = envelope

/** Answers what is not even HTTP, or came too slowly to become a request, and ends the connection. */
export function sendUnreadable(error: Error & { code?: string }, socket: Socket, isBusy: boolean): void {
  if (!socket.writable || isBusy || error.code === 'ECONNRESET') return void socket.destroy()
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW'
  socket.end(
    isLarge
      ? rawAnswer('413 Content Too Large', new AppError('too_large', 'The headers are too large.'))
      : rawAnswer('400 Bad Request', new AppError('invalid_request', 'This is not a request.')),
  )
}
