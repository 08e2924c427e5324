// Records the statements sent to the database during an action.

import { channel } from 'node:diagnostics_channel'

/** The text of each round trip, values included. */
export async function recordRoundTrips(work: () => Promise<unknown>): Promise<string[]> {
  const texts: string[] = []
  const note = (message: unknown) => void texts.push((message as { query: string }).query)
  const started = channel('tracing:mysql2:query:start')
  started.subscribe(note)
  try {
    await work()
  } finally {
    started.unsubscribe(note)
  }
  return texts
}
