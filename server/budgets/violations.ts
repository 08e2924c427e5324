// Violations: callers that continue after a refusal. Each closed connection counts against its address, and an address
// with too many may start nothing new for a while. Callers with a valid token are not affected (see admission in
// SECURITY.md).

import type { ClientAddress } from '../shared/client-address.ts'
import type { RateLimiter } from './rate-limiter.ts'

export interface Violations {
  count(address: ClientAddress): void
  isViolator(address: ClientAddress): boolean
  /** Throws rate_limited while the address has too many violations. Only for callers without a valid token. */
  check(address: ClientAddress): void
}

export function createViolations(rates: RateLimiter): Violations {
  return {
    count: ({ group }) => rates.count('violationsPerAddress', group),
    isViolator: ({ group }) => rates.isExhausted('violationsPerAddress', group),
    check: ({ group }) => rates.check('violationsPerAddress', group),
  }
}
