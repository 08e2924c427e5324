// Ends a connection whose request arrives in crumbs: each chunk of a chunked body costs a callback and a buffer,
// however small it is.

import type { IncomingMessage } from 'node:http'
import { budgets } from '../budgets/budgets.ts'

/** Call before anything reads the body. `onExcess` runs once. */
export function limitBodyChunks(request: IncomingMessage, onExcess: () => void): void {
  const { push } = request
  let left = budgets.bodyChunks.packets
  let bytes = 0
  let isOver = false
  // Node pushes each chunk of a body into the request, as a stream does with what it has read.
  request.push = (chunk: Buffer | null, encoding) => {
    if (isOver) return false
    if (chunk !== null) {
      bytes += chunk.length
      left -= 1
      if (left + bytes / budgets.bodyChunks.bytes < 0) {
        isOver = true
        onExcess()
        return false
      }
    }
    return push.call(request, chunk, encoding)
  }
}
