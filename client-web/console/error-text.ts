// The translated text of an error.

import { isCommonPassword, RequestError } from '../shared/connection/request-error.ts'
import { texts } from './texts.ts'

export function errorText(error: unknown): string {
  const { errors } = texts.value
  if (isCommonPassword(error)) return texts.value.agents.commonPassword
  return error instanceof RequestError ? errors[error.code] : errors.internal
}
