// HTTP calls under /api/v1: JSON in, JSON out, every failure a RequestError.

import type { ErrorBody } from '#protocol/errors.ts'
import { RequestError } from './request-error.ts'

export interface CallOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: unknown
  /** Access token for the Authorization header; no token ever stands in a URL. */
  token?: string
  deadlineMs?: number
}

/** `path` begins with a slash and follows /api/v1. Answers the parsed body, or undefined for 204. */
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

/** What the server said in its answer's body; null where that is not one of its errors. */
export function errorOf(reply: unknown): RequestError | null {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return null
  return RequestError.from(reply.error as ErrorBody)
}
