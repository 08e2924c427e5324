// Every failure leaves as {error: {code, message, retryable, details?}} with the code's status, whatever failed and however early.

import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes } from '#protocol/errors.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { AppError, asAppError, errorBody } from '../errors.ts'
import { logSecurity } from '../security-log.ts'

export function sendError(app: App, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = asCallersFault(error) ?? asAppError(error)
  if (known.code === 'internal') {
    app.log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed')
  }
  if (known.code === 'forbidden') {
    logSecurity(app, 'forbidden', { userId: request.actor?.userId, what: request.routeOptions.url })
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

/** Answers what is not even HTTP, or came too slowly to become a request, and ends the connection. */
export function sendUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const code: ErrorCode = isLarge ? 'too_large' : 'invalid_request'
  const body = envelope(new AppError(code, isLarge ? 'The headers are too large.' : 'This is not a request.'))
  const status = isLarge ? '413 Content Too Large' : '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
