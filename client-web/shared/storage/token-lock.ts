// A lock for the rotation of a token that all tabs share. Without Web Locks (plain http) it is a lease in localStorage.
// The server tolerates tabs that rotate together, so that the lock may fail: it never blocks for long.

import { newId } from '../connection/new-id.ts'

export type TokenLock = <T>(work: () => Promise<T>) => Promise<T>

/** What the lock needs of the browser. */
export interface LockParts {
  /** Undefined on plain http. */
  locks: Pick<LockManager, 'request'> | undefined
  /** Throws where the browser blocks it. */
  storage: () => Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem'>
  now: () => number
  wait: (ms: number) => Promise<void>
}

/** Longer than a call may take. */
const leaseMs = 20_000
/** After this long the work goes on without the lock. */
const lockWaitMs = 25_000
/** Two tabs that find the lease free write it within this time. The last one has it. */
const settleMs = 50
const pollMs = 100

const browserParts: LockParts = {
  get locks() {
    return globalThis.navigator?.locks
  },
  storage: () => localStorage,
  now: Date.now,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export function openTokenLock(name: string, parts: LockParts = browserParts): TokenLock {
  return async (work) => {
    if (!parts.locks) return withLease(name, work, parts)
    let hasStarted = false
    const waiting = AbortSignal.timeout(lockWaitMs)
    try {
      return await parts.locks.request(name, { signal: waiting }, () => {
        hasStarted = true
        return work()
      })
    } catch (error) {
      if (hasStarted) throw error
      // It took too long, or the browser blocks locks together with storage.
      return waiting.aborted ? work() : withLease(name, work, parts)
    }
  }
}

async function withLease<T>(name: string, work: () => Promise<T>, parts: LockParts): Promise<T> {
  const key = `kefu-lease:${name}`
  const id = newId()
  const isHeld = await acquireLease(key, id, parts).catch(() => false)
  try {
    return await work()
  } finally {
    if (isHeld && holderOf(key, parts)?.id === id) parts.storage().removeItem(key)
  }
}

/** False after lockWaitMs. */
async function acquireLease(key: string, id: string, parts: LockParts): Promise<boolean> {
  const { storage, now, wait } = parts
  const giveUpAt = now() + lockWaitMs
  while (now() < giveUpAt) {
    const until = holderOf(key, parts)?.until ?? 0
    // A lease beyond leaseMs is from before the clock was set back.
    if (until > now() && until <= now() + leaseMs) await wait(pollMs)
    else {
      storage().setItem(key, `${now() + leaseMs} ${id}`)
      await wait(settleMs)
      if (holderOf(key, parts)?.id === id) return true
    }
  }
  return false
}

function holderOf(key: string, { storage }: LockParts): { until: number; id: string } | null {
  const [until, id] = storage().getItem(key)?.split(' ') ?? []
  return until && id ? { until: Number(until), id } : null
}
