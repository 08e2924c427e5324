// Why a request failed, the same for sockets and HTTP: the server's error, or one of two that only a client can detect.

import type { ErrorBody, ErrorCode } from '#protocol/errors.ts'

/**
 * offline: not sent, or the connection was lost before the reply. timeout:
 * no reply within the deadline. Either request may have been executed.
 */
export type RequestErrorCode = ErrorCode | 'offline' | 'timeout'

export class RequestError extends Error {
  readonly code: RequestErrorCode
  readonly retryable: boolean
  readonly details: Record<string, unknown>

  constructor(code: RequestErrorCode, message: string, retryable: boolean, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'RequestError'
    this.code = code
    this.retryable = retryable
    this.details = details
  }

  static from(body: ErrorBody): RequestError {
    return new RequestError(body.code, body.message, body.retryable, body.details)
  }

  /** Any other error is a bug in this code and would occur again. */
  static of(error: unknown): RequestError {
    return error instanceof RequestError ? error : new RequestError('internal', String(error), false)
  }

  static offline(): RequestError {
    return new RequestError('offline', 'There is no connection to the server', true)
  }

  static timeout(): RequestError {
    return new RequestError('timeout', 'The server did not answer in time', true)
  }

  /** How long the server asked to wait before retrying, in milliseconds; null if it did not say. */
  get retryAfterMs(): number | null {
    const wait = this.details.retryAfterMs
    return typeof wait === 'number' && wait >= 0 ? wait : null
  }
}

/** A reason of a refusal that is more precise than its code. */
type Reason = 'common_password' | 'in_progress' | 'offline'

export const hasReason = (error: unknown, reason: Reason): error is RequestError =>
  error instanceof RequestError && error.details.reason === reason

/** A password that is easily guessed, whatever its length. */
export const isCommonPassword = (error: unknown): boolean => hasReason(error, 'common_password')
