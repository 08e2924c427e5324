// The one error that use cases throw on purpose: a code of the closed list, a sentence for people, details for programs.

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

/** Whatever was thrown, as a caller may see it: nothing internal but for AppErrors' own words. */
export function errorBody(error: unknown): ErrorBody {
  const known = asAppError(error)
  return {
    code: known.code,
    message: known.message,
    retryable: errorCodes[known.code].retryable,
    ...(known.details === undefined ? {} : { details: known.details }),
  }
}

export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const trouble = databaseErrorCode(error)
  if (trouble !== null) return new AppError(trouble, 'The database cannot serve this request now; try again later.')
  if (isResourceShortage(error))
    return new AppError('unavailable', 'The server is short of resources; try again later.')
  return new AppError('internal', 'Something went wrong on our side.')
}

const shortages = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS', 'EAGAIN'])

/** The operating system's: no disk, files or memory left. */
const isResourceShortage = (error: unknown) =>
  error instanceof Error && 'code' in error && shortages.has(String(error.code))
