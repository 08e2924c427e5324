// Normalizes origins to the form that browsers send, since they are compared exactly.

import { AppError } from '../shared/errors.ts'

/** Without duplicates and default ports. Throws invalid_request for an invalid origin, such as a port above 65535. */
export function normalOrigins(origins: readonly string[]): string[] {
  const invalid = origins.find((origin) => !URL.canParse(origin))
  if (invalid !== undefined)
    throw new AppError('invalid_request', 'Use an origin such as https://shop.example.', { origin: invalid })
  return [...new Set(origins.map((origin) => new URL(origin).origin))]
}
