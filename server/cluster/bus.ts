// The bus between nodes, carried by Redis or by the primary process of one machine. Delivery is best effort: a message
// reaches the nodes that are connected now. Publishing never waits, throws or queues without bound.

export interface Bus {
  publish(channel: string, message: string | Buffer): void
  /** A pattern is a prefix and `*`. An error of the listener is logged. */
  subscribe(channels: string[] | { pattern: string }, listener: BusListener): void
}

export type BusListener = (message: Buffer, channel: Buffer | string) => unknown

/** Bounds unsent bytes. Returns the release to call once the bytes are sent, or null when the budget is used up. */
export function createByteBudget(maxBytes: number): (bytes: number) => (() => void) | null {
  let reserved = 0
  return (bytes) => {
    if (reserved + bytes > maxBytes) return null
    reserved += bytes
    return () => {
      reserved -= bytes
    }
  }
}
