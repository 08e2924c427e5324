// Origins as browsers write them, since they are compared letter by letter.

import { AppError } from '../shared/errors.ts'

/** Each once, without a default port. Throws invalid_request for what is no origin after all, such as a port above 65535. */
export function normalOrigins(origins: readonly string[]): string[] {
  const wrong = origins.find((origin) => !URL.canParse(origin))
  if (wrong !== undefined) throw new AppError('invalid_request', 'This is no origin of a page.', { origin: wrong })
  return [...new Set(origins.map((origin) => new URL(origin).origin))]
}
