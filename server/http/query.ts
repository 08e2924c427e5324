// Numbers in a query string, where everything is text: digits by their schema, in range by these.

import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

/** {limit} from 1 to limits.pageSize, or nothing when nobody asked. Throws invalid_request. */
export function pageSize(text: string | undefined): { limit?: number } {
  if (text === undefined) return {}
  const limit = Number(text)
  if (limit >= 1 && limit <= limits.pageSize) return { limit }
  throw new AppError('invalid_request', `querystring/limit must be from 1 to ${limits.pageSize}`, { path: '/limit' })
}
