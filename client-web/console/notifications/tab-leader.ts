// Elects the tab that alerts. A tab that shows the conversation claims the alert first and
// stays silent; the others try a moment later. Without Web Locks (plain http) every tab alerts.

const headStartMs = 150
const holdMs = 3_000

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether this tab has won the alert. */
export async function claimAlert(key: string, isOnScreen: boolean): Promise<boolean> {
  if (!('locks' in navigator)) return true
  if (!isOnScreen) await delay(headStartMs)
  return new Promise((resolve) => {
    void navigator.locks.request(`kefu:call:${key}`, { ifAvailable: true }, async (lock) => {
      resolve(lock !== null)
      if (lock !== null) await delay(holdMs)
    })
  })
}

/** Runs `claims` for several alerts while no other tab does, so that one tab wins them all. */
export async function claimTogether<T>(claims: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? await navigator.locks.request('kefu:calls', claims) : await claims()
}
