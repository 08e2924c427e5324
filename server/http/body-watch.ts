// Watches a body while it is read: one that comes too slowly or never ends is given up, so that nobody holds a slot for long with a few bytes.

import type { IncomingMessage } from 'node:http'
import { limits } from '#protocol/limits/wire.ts'
import { AppError } from '../shared/errors.ts'

export interface BodyWatch {
  /** Rejects when the body is given up; else stays pending. */
  failed: Promise<never>
  stop(): void
}

/** In parts, so that one stall of this process is not the sender's. */
const windows = 2
const checkMs = limits.uploadRateMs / windows

/** Called where reading begins: it makes the body flow. `giveUp` ends whatever reads it. */
export function watchBody(raw: IncomingMessage, maxBytes: number, giveUp: (error: AppError) => void): BodyWatch {
  const { promise, reject } = Promise.withResolvers<never>()
  // Whoever waits for it sees it; nobody has to.
  promise.catch(() => {})
  let total = 0
  let inWindow = 0
  let slowWindows = 0

  function fail(error: AppError) {
    stop()
    giveUp(error)
    reject(error)
  }

  function count(bytes: Buffer) {
    total += bytes.length
    inWindow += bytes.length
    if (total > maxBytes) fail(new AppError('too_large', `A body may be ${maxBytes} bytes.`, { limit: maxBytes }))
  }

  function check() {
    // Paused by whoever reads: the disk is slow, not the sender.
    const isSlow = inWindow < (limits.uploadBytesPerSecond * checkMs) / 1_000 && !raw.isPaused()
    inWindow = 0
    slowWindows = isSlow ? slowWindows + 1 : 0
    if (raw.complete) stop()
    else if (slowWindows === windows) fail(new AppError('unavailable', 'The upload comes too slowly.', { why: 'slow' }))
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
