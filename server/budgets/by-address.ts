// Rates that count against an address and, for IPv6, also against its network: the owner of a /48 has 65,536 address
// groups.

import type { ClientAddress } from '../shared/client-address.ts'
import type { RateName } from './budgets.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** Names with a budget per address and one per network. */
export type AddressRate = {
  [N in RateName]: N extends `${infer Base}PerAddress` ? (`${Base}PerNetwork` extends RateName ? Base : never) : never
}[RateName]

/** Consumes one of both. Throws rate_limited, and consumes nothing, when either is exhausted. */
export function consumeByAddress(rates: RateLimiter, rate: AddressRate, { group, network }: ClientAddress): void {
  rates.check(`${rate}PerAddress`, group)
  if (network !== group) rates.consume(`${rate}PerNetwork`, network)
  rates.count(`${rate}PerAddress`, group)
}

export type CustomerRate = AddressRate & RateName

/** The same for rates that also have a budget per customer. */
export function consumeByCustomer(
  rates: RateLimiter,
  rate: CustomerRate,
  userId: number,
  address: ClientAddress,
): void {
  rates.check(rate, userId)
  consumeByAddress(rates, rate, address)
  rates.count(rate, userId)
}
