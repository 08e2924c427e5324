// HTTP calls under /api/v1: JSON in, JSON out, every failure is a RequestError.

import type { ErrorBody } from '#protocol/errors.ts'
import { RequestError } from './request-error.ts'

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: unknown
  /** For the Authorization header. No URL ever contains a token. */
  token?: string
  deadlineMs?: number
}

/** `path` is relative to /api/v1. Returns the parsed body, or undefined for 204. */
export async function callApi<T>(
  path: string,
  { method, body, token, deadlineMs = 15_000 }: CallOptions = {},
): Promise<T> {
  const response = await fetch(`/api/v1${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(deadlineMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === 'TimeoutError'
      ? RequestError.timeout()
      : RequestError.offline()
  })
  if (response.status === 204) return undefined as T
  const reply: unknown = await response.json().catch(() => null)
  if (response.ok) return reply as T
  throw errorOf(reply) ?? new RequestError('internal', `The server answered ${response.status}`, response.status >= 500)
}

/** The error in a reply's body; null if there is none. */
export function errorOf(reply: unknown): RequestError | null {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return null
  return RequestError.from(reply.error as ErrorBody)
}
