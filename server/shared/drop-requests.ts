// Drops the rest of what an HTTP connection has sent. Node's parser goes on to the end of the chunk that it has read,
// even after the socket is destroyed, and a chunk of 64 KB may hold a thousand requests.

import type { Socket } from 'node:net'

/** Node's parser calls this for each request, and builds its response there. */
interface Parser {
  onIncoming(): number
}

const skip = () => 0

/** Call before the connection is closed: no later request reaches a listener. */
export function dropRequests(socket: Socket): void {
  const { parser } = socket as unknown as { parser?: Parser | null }
  if (parser) parser.onIncoming = skip
}
