// What a client may begin before it has a connection. A handshake without a valid token counts against its address until the client has
// connected with one; a handshake that shows a valid token counts against the customer or agent alone.

import type { AccessToken } from '../auth/tokens.ts'
import type { ClientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'

export interface PendingHandshake {
  address: ClientAddress
  /** Set once engine.io has made a session of it. */
  isClaimed: boolean
  /** The client is connected: what was counted is given back. */
  succeed(): void
  /** It ended without a connection. Does nothing after succeed. */
  fail(): void
}

type Budgets = Pick<App, 'rates' | 'slots' | 'violations'>

/** Throws rate_limited or overloaded when there is no room for one more. */
export function beginHandshake(app: Budgets, address: ClientAddress, claim: AccessToken | undefined): PendingHandshake {
  const releases = claim ? reserveForUser(app, claim) : reserveForAddress(app, address)
  let isPending = true
  function end() {
    isPending = false
    for (const release of releases) release()
  }
  return {
    address,
    isClaimed: false,
    succeed() {
      if (isPending) end()
    },
    fail() {
      if (!isPending) return
      end()
      if (claim) app.rates.count('handshakesPerUser', claim.userId)
      else app.rates.count('handshakesPerAddress', address.group)
    },
  }
}

function reserveForUser({ rates, slots }: Budgets, { userId }: AccessToken) {
  rates.check('handshakesPerUser', userId)
  return [reserve(slots, 'claimed')]
}

function reserveForAddress({ rates, slots, violations }: Budgets, address: ClientAddress) {
  const { group } = address
  // An address that is over budget keeps a few places: somebody with a valid token may be behind it, and shows it only later.
  const isOverBudget = refuses(() => {
    violations.check(address)
    rates.check('handshakesPerAddress', group)
  })
  const ofAddress = slots.acquire(isOverBudget ? 'pendingHandshakesOfViolator' : 'pendingHandshakesPerAddress', group)
  try {
    if (!rates.tryConsume('handshakes', 'all')) throw overloaded()
    return [ofAddress, reserve(slots, 'unclaimed')]
  } catch (error) {
    ofAddress()
    throw error
  }
}

function reserve(slots: App['slots'], kind: 'claimed' | 'unclaimed') {
  try {
    return slots.acquire('pendingHandshakes', kind)
  } catch {
    throw overloaded()
  }
}

function refuses(check: () => void): boolean {
  try {
    check()
    return false
  } catch {
    return true
  }
}

const overloaded = () => new AppError('overloaded', 'Too many clients connect just now; try again later.')
