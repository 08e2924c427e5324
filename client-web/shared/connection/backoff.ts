// Retry delays: exponential with jitter, so that many clients do not reconnect at the same moment.

/**
 * `tries` counts the failures so far, from 1. Returns milliseconds between a quarter of the step and the whole step.
 */
export function backoffMs(tries: number, firstMs = 500, maxMs = 15_000): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.min(tries - 1, 10))
  return step * (0.25 + 0.75 * Math.random())
}

/** Covers an outage of about ten seconds, such as a restarting server or proxy. */
const fastTries = 10

/**
 * Delay before the next connection attempt, in milliseconds: at most two seconds on a visible page, five
 * in a long outage. Hidden pages, which are the majority, wait longer to spare a restarting server.
 */
export function reconnectMs(tries: number, isVisible: boolean): number {
  return backoffMs(tries, 500, isVisible ? (tries <= fastTries ? 2_000 : 5_000) : 15_000)
}
