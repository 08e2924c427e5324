// Rates that count against an address and, of IPv6, against its network too: somebody who owns a /48 has 65,536 addresses.

import type { ClientAddress } from '../shared/client-address.ts'
import type { RateName } from './budgets.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** What has a budget for each address and one for each network. */
export type AddressRate = {
  [N in RateName]: N extends `${infer What}PerAddress` ? (`${What}PerNetwork` extends RateName ? What : never) : never
}[RateName]

/** Counts one against both; throws rate_limited, counting nothing, when either has none left. */
export function consumeByAddress(rates: RateLimiter, what: AddressRate, { group, network }: ClientAddress): void {
  rates.check(`${what}PerAddress`, group)
  if (network !== group) rates.consume(`${what}PerNetwork`, network)
  rates.count(`${what}PerAddress`, group)
}

export type CustomerRate = AddressRate & RateName

/** The same for what also has a budget for each customer. */
export function consumeByCustomer(
  rates: RateLimiter,
  what: CustomerRate,
  userId: number,
  address: ClientAddress,
): void {
  rates.check(what, userId)
  consumeByAddress(rates, what, address)
  rates.count(what, userId)
}
