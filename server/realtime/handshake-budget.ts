// The budget of handshakes. A handshake without a valid token counts against its address until the client has connected
// with one. A handshake with a valid token counts against its customer or agent only.

import type { AccessToken } from '../auth/tokens.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { ClientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'

export interface PendingHandshake {
  address: ClientAddress
  /** Ends its engine.io session; null until there is one. */
  end: (() => void) | null
  /** The client has connected: releases its slots. */
  succeed(): void
  /** The handshake ended without a connection: releases its slots and counts it. Does nothing after succeed. */
  fail(): void
}

export interface HandshakeBudget {
  /** Throws rate_limited or overloaded when a budget is used up. */
  begin(address: ClientAddress, claim: AccessToken | undefined): PendingHandshake
}

export function createHandshakeBudget({
  rates,
  slots,
  violations,
}: Pick<App, 'rates' | 'slots' | 'violations'>): HandshakeBudget {
  /** By address group, oldest first. */
  const pendingOfViolators = new Map<string, Set<PendingHandshake>>()

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

  const isOverBudget = (address: ClientAddress) =>
    violations.isViolator(address) || rates.isExhausted('handshakesPerAddress', address.group)

  /**
   * A client with a valid token may share the address, and shows the token only in its next packet. So an address over
   * budget keeps a few slots at a low rate. One more handshake evicts the oldest.
   */
  function beginForViolator(address: ClientAddress, onFail: () => void): PendingHandshake {
    const { group } = address
    rates.consume('handshakesOfViolator', group)
    const pending = pendingOfViolators.get(group) ?? new Set()
    pendingOfViolators.set(group, pending)
    const handshake = create(
      address,
      () => {
        pending.delete(handshake)
        if (pending.size === 0) pendingOfViolators.delete(group)
      },
      onFail,
    )
    const [oldest] = pending
    if (oldest && pending.size >= budgets.pendingHandshakesOfViolator.concurrent) {
      oldest.end?.()
      oldest.fail()
    }
    pendingOfViolators.set(group, pending)
    pending.add(handshake)
    return handshake
  }

  return {
    begin: (address, claim) => (claim ? beginForUser(address, claim) : beginForAddress(address)),
  }
}

/** Acquires a second slot. Releases the first when that throws. */
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

const overloaded = () => new AppError('overloaded', 'Too many clients are connecting; retry later.')
