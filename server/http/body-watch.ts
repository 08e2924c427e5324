// Aborts a body that arrives too slowly or is too long, so that a slow sender cannot hold an upload slot.

import type { IncomingMessage } from 'node:http'
import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

export interface BodyWatch {
  /** Rejects when the body is aborted, else stays pending. */
  failed: Promise<never>
  stop(): void
}

/** More than one, so that one stall of this process does not count against the sender. */
const windows = 2
const checkMs = limits.uploadRateMs / windows

/** Call when reading begins: it starts the flow. `abort` ends the reader. */
export function watchBody(raw: IncomingMessage, maxBytes: number, abort: (error: AppError) => void): BodyWatch {
  const { promise, reject } = Promise.withResolvers<never>()
  // A caller need not await it.
  promise.catch(() => {})
  let total = 0
  let windowBytes = 0
  let slowWindows = 0

  function fail(error: AppError) {
    stop()
    abort(error)
    reject(error)
  }

  function count(bytes: Buffer) {
    total += bytes.length
    windowBytes += bytes.length
    if (total > maxBytes) fail(new AppError('too_large', `Send at most ${maxBytes} bytes.`, { limit: maxBytes }))
  }

  function check() {
    // A paused request means that the disk is slow, not the sender.
    const isSlow = windowBytes < (limits.uploadBytesPerSecond * checkMs) / 1_000 && !raw.isPaused()
    windowBytes = 0
    slowWindows = isSlow ? slowWindows + 1 : 0
    if (raw.complete) stop()
    else if (slowWindows === windows)
      fail(new AppError('unavailable', 'The upload is too slow; try again on a faster connection.', { why: 'slow' }))
  }

  const timer = setInterval(check, checkMs)

  function stop() {
    clearInterval(timer)
    raw.off('data', count)
  }

  raw.on('data', count)
  raw.once('close', stop)
  return { failed: promise, stop }
}
