// Of several tabs one rings. A tab that shows the conversation takes the turn at once and stays silent; the others try a moment later.
// On plain http there are no Web Locks; then every tab rings for itself.

const headStartMs = 150
const holdMs = 3_000

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether this tab has the turn for `call`. */
export async function claimAlert(key: string, isOnScreen: boolean): Promise<boolean> {
  if (!('locks' in navigator)) return true
  if (!isOnScreen) await delay(headStartMs)
  return new Promise((resolve) => {
    void navigator.locks.request(`kefu:key:${key}`, { ifAvailable: true }, async (lock) => {
      resolve(lock !== null)
      if (lock !== null) await delay(holdMs)
    })
  })
}
