// Numbers in a query string. The schema checks that they are digits, and this file that they are in range.

import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

/** {limit} from 1 to limits.pageSize, or {} when it is absent. Throws invalid_request. */
export function pageSize(text: string | undefined): { limit?: number } {
  if (text === undefined) return {}
  const limit = Number(text)
  if (limit >= 1 && limit <= limits.pageSize) return { limit }
  throw new AppError('invalid_request', `querystring/limit must be from 1 to ${limits.pageSize}`, { path: '/limit' })
}
