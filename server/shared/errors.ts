// The error that use cases throw: a code of the closed list, a sentence for people, details for programs.

import { databaseErrorCode } from '#db/core/errors.ts'
import { type ErrorBody, type ErrorCode, errorCodes } from '#protocol/errors.ts'

export class AppError extends Error {
  override name = 'AppError'
  readonly code: ErrorCode
  readonly details: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, details?: Record<string, unknown>) {
    super(message)
    this.code = code
    this.details = details
  }
}

/** The public form of any thrown value. Only the message of an AppError is passed through. */
export function errorBody(error: unknown): ErrorBody {
  const appError = asAppError(error)
  return {
    code: appError.code,
    message: appError.message,
    retryable: errorCodes[appError.code].retryable,
    ...(appError.details === undefined ? {} : { details: appError.details }),
  }
}

export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const trouble = databaseErrorCode(error)
  if (trouble !== null) return new AppError(trouble, 'The database is not available; try again later.')
  if (isResourceShortage(error))
    return new AppError('unavailable', 'The server is short of resources; try again later.')
  return new AppError('internal', 'Internal error; try again later.')
}

const shortages = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS', 'EAGAIN'])

/** Operating system errors: out of disk, file descriptors or memory. */
const isResourceShortage = (error: unknown) =>
  error instanceof Error && 'code' in error && shortages.has(String(error.code))
