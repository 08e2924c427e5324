// What a client may begin before it has a connection. A handshake without a valid token counts against its address until the client has
// connected with one; a handshake that shows a valid token counts against the customer or agent alone.

import type { AccessToken } from '../auth/tokens.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'

export interface PendingHandshake {
  address: ClientAddress
  /** Set once engine.io has made a session of it: ends that session. */
  end: (() => void) | null
  /** The client is connected: what was counted is given back. */
  succeed(): void
  /** It ended without a connection. Does nothing after succeed. */
  fail(): void
}

export interface HandshakeBudget {
  /** Throws rate_limited or overloaded when there is no room for one more. */
  begin(address: ClientAddress, claim: AccessToken | undefined): PendingHandshake
}

export function createHandshakeBudget({
  rates,
  slots,
  violations,
}: Pick<App, 'rates' | 'slots' | 'violations'>): HandshakeBudget {
  /** By address group, the oldest first. */
  const ofViolators = new Map<string, Set<PendingHandshake>>()

  function reserve(kind: 'claimed' | 'unclaimed') {
    try {
      return slots.acquire('pendingHandshakes', kind)
    } catch {
      throw overloaded()
    }
  }

  function create(address: ClientAddress, onEnd: () => void, onFail: () => void): PendingHandshake {
    let isPending = true
    function end() {
      const wasPending = isPending
      isPending = false
      if (wasPending) onEnd()
      return wasPending
    }
    return { address, end: null, succeed: () => void end(), fail: () => end() && onFail() }
  }

  function beginForUser(address: ClientAddress, { userId }: AccessToken): PendingHandshake {
    rates.check('handshakesPerUser', userId)
    const release = both(slots.acquire('pendingHandshakesPerUser', userId), () => reserve('claimed'))
    return create(address, release, () => rates.count('handshakesPerUser', userId))
  }

  function beginForAddress(address: ClientAddress): PendingHandshake {
    const { group } = address
    const fail = () => rates.count('handshakesPerAddress', group)
    if (isOverBudget(address)) return beginForViolator(address, fail)
    const release = both(slots.acquire('pendingHandshakesPerAddress', group), () => {
      if (!rates.tryConsume('handshakes', 'all')) throw overloaded()
      return reserve('unclaimed')
    })
    return create(address, release, fail)
  }

  function isOverBudget(address: ClientAddress): boolean {
    try {
      violations.check(address)
      rates.check('handshakesPerAddress', address.group)
      return false
    } catch {
      return true
    }
  }

  /**
   * Somebody with a valid token may be behind the same address, and shows it only in the next packet. So an address that is over budget
   * keeps a few places at a low rate, each of which lasts until enough others came after it.
   */
  function beginForViolator(address: ClientAddress, onFail: () => void): PendingHandshake {
    const { group } = address
    rates.consume('handshakesOfViolator', group)
    const pending = ofViolators.get(group) ?? new Set()
    ofViolators.set(group, pending)
    const handshake = create(
      address,
      () => {
        pending.delete(handshake)
        if (pending.size === 0) ofViolators.delete(group)
      },
      onFail,
    )
    const [oldest] = pending
    if (oldest && pending.size >= budgets.pendingHandshakesOfViolator.concurrent) {
      oldest.end?.()
      oldest.fail()
    }
    ofViolators.set(group, pending)
    pending.add(handshake)
    return handshake
  }

  return {
    begin: (address, claim) => (claim ? beginForUser(address, claim) : beginForAddress(address)),
  }
}

/** Releases the first where the second is not to be had. */
function both(release: () => void, acquire: () => () => void): () => void {
  try {
    const releaseOther = acquire()
    return () => {
      release()
      releaseOther()
    }
  } catch (error) {
    release()
    throw error
  }
}

const overloaded = () => new AppError('overloaded', 'Too many clients connect just now; try again later.')
