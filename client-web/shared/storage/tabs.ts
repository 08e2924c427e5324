// Coordination between tabs: channels and locks. Without them (plain http, or blocked storage) each tab acts alone.

export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}

const localLocks = new Map<string, Promise<void>>()

/** Runs `work` under an exclusive lock, in the order of the calls. A closed tab releases its lock. */
export async function withTabLock(name: string, work: () => Promise<void>): Promise<void> {
  let hasStarted = false
  try {
    await navigator.locks.request(name, () => {
      hasStarted = true
      return work()
    })
  } catch (error) {
    if (hasStarted) throw error
    const previous = (localLocks.get(name) ?? Promise.resolve()).then(work)
    localLocks.set(name, previous)
    await previous
  }
}
