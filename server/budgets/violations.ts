// Callers that go on after they were refused. Each closed connection counts against its address; an address with too many begins
// nothing new for a while. Those behind it who show a valid token go on: they count for themselves (see admission in SECURITY.md).

import type { ClientAddress } from '../shared/client-address.ts'
import type { RateLimiter } from './rate-limiter.ts'

export interface Violations {
  count(address: ClientAddress): void
  /** Throws rate_limited while the address has too many violations. Only for what has no valid token. */
  check(address: ClientAddress): void
}

export function createViolations(rates: RateLimiter): Violations {
  return {
    count: ({ group }) => rates.count('violationsPerAddress', group),
    check: ({ group }) => rates.check('violationsPerAddress', group),
  }
}
