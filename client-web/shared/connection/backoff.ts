// How long to wait before the next try: exponential with full jitter, so that many clients do not come back at once.

/** `tries` counts the failures so far, from 1. Milliseconds between a quarter of the step and the whole step. */
export function backoffMs(tries: number, firstMs = 500, mostMs = 15_000): number {
  const step = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 10))
  return step * (0.25 + 0.75 * Math.random())
}
