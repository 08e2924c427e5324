// What the tabs of one browser do together: tell each other, and take turns. On plain http there are no locks, and a browser that refuses
// storage refuses both: then each tab acts for itself.

export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}

const localLocks = new Map<string, Promise<void>>()

/** Runs `work` when no other of this name is running, in the order asked. A tab that ends gives its turn to the next. */
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
