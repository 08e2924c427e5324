// The current time as a signal that ticks while the page is visible, so that all relative times update together.

import { signal } from '@preact/signals'

const tickMs = 15_000

/** Milliseconds since 1970. */
export const now = signal(Date.now())

const tick = () => {
  if (document.visibilityState === 'visible') now.value = Date.now()
}
setInterval(tick, tickMs)
document.addEventListener('visibilitychange', tick)
