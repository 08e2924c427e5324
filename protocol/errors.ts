// The closed list of error codes, each with its HTTP status and whether a retry of the same request may succeed.

export const errorCodes = {
  invalid_request: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  identity_required: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: false },
  already_claimed: { status: 409, retryable: false },
  conversation_closed: { status: 409, retryable: false },
  too_large: { status: 413, retryable: false },
  rate_limited: { status: 429, retryable: true },
  overloaded: { status: 503, retryable: true },
  unavailable: { status: 503, retryable: true },
  internal: { status: 500, retryable: true },
} as const

export type ErrorCode = keyof typeof errorCodes

/** HTTP wraps it as `{error}`, a socket reply as `{ok: false, error}`. */
export interface ErrorBody {
  code: ErrorCode
  message: string
  retryable: boolean
  details?: Record<string, unknown>
}

export type Reply<T> = { ok: true; data: T } | { ok: false; error: ErrorBody }
