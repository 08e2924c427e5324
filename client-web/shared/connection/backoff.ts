// How long to wait before the next try: exponential with jitter, so that many clients do not come back at once.

/** `tries` counts the failures so far, from 1. Milliseconds between a quarter of the step and the whole step. */
export function backoffMs(tries: number, firstMs = 500, maxMs = 15_000): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.min(tries - 1, 10))
  return step * (0.25 + 0.75 * Math.random())
}

/** As many tries as an outage of some ten seconds takes: a proxy or a server that starts again. */
const fastTries = 10

/**
 * Before the next try to connect, in milliseconds. Who looks at the page waits at most two seconds, and five when an outage lasts; a page
 * that nobody sees, as most are, takes its time, or a server that comes back would meet all of them at once.
 */
export function reconnectMs(tries: number, isVisible: boolean): number {
  return backoffMs(tries, 500, isVisible ? (tries <= fastTries ? 2_000 : 5_000) : 15_000)
}
