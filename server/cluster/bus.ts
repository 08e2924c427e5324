// By what nodes hear from each other, whoever carries it: Redis, or the primary process of one machine. What is told reaches whoever is
// there now, or nobody; nothing here is waited for, throws or piles up.

export interface Bus {
  publish(channel: string, message: string | Buffer): void
  /** Hears these channels, or those that begin as the pattern does before its `*`. What the listener throws is logged. */
  subscribe(channels: string[] | { pattern: string }, listener: BusListener): void
}

export type BusListener = (message: Buffer, channel: Buffer | string) => unknown

/** Bounds what waits to leave: answers what to call once so many bytes have left, or null where they would be too many. */
export function createByteBudget(most: number): (bytes: number) => (() => void) | null {
  let waiting = 0
  return (bytes) => {
    if (waiting + bytes > most) return null
    waiting += bytes
    return () => {
      waiting -= bytes
    }
  }
}
