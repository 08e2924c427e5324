// What the tabs of one browser do together: tell each other, and take turns. On plain http there are no locks, and a browser that refuses
// storage refuses both: then each tab acts for itself.

export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name)
  } catch {
    return null
  }
}

const turns = new Map<string, Promise<void>>()

/** Runs `work` when no other of this name is running, in the order asked. A tab that ends gives its turn to the next. */
export async function inTurn(name: string, work: () => Promise<void>): Promise<void> {
  let hasBegun = false
  try {
    await navigator.locks.request(name, () => {
      hasBegun = true
      return work()
    })
  } catch (error) {
    if (hasBegun) throw error
    const turn = (turns.get(name) ?? Promise.resolve()).then(work)
    turns.set(name, turn)
    await turn
  }
}
