// Why a request failed, the same for sockets and HTTP: the server's error, or one of two that only a client can see.

import type { ErrorBody, ErrorCode } from '#protocol/errors.ts'

/** offline: it was not sent, or its answer can no longer come. timeout: no answer within the deadline. Both may have been done. */
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

  /** What no server said and no network did is a fault of ours, and would come again. */
  static of(error: unknown): RequestError {
    return error instanceof RequestError ? error : new RequestError('internal', String(error), false)
  }

  static offline(): RequestError {
    return new RequestError('offline', 'There is no connection to the server', true)
  }

  static timeout(): RequestError {
    return new RequestError('timeout', 'The server did not answer in time', true)
  }

  /** How long the server asked to wait before the next try, in milliseconds; null where it did not say. */
  get retryAfterMs(): number | null {
    const wait = this.details.retryAfterMs
    return typeof wait === 'number' && wait >= 0 ? wait : null
  }
}

/** A new password that is guessed too easily, whatever its length. */
export const isCommonPassword = (error: unknown) =>
  error instanceof RequestError && error.details.reason === 'common_password'
