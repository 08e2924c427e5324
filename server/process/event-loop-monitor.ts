// Watches the event loop: a process that stood still for seconds is told not ready, so that a balancer spares it.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { serverLimits } from '#protocol/limits/server.ts'

export interface EventLoopMonitor {
  /** The longest stand-still of the last whole period of serverLimits.eventLoopWatchMs, in milliseconds. */
  longestMs(): number
  stop(): void
}

export function monitorEventLoop(): EventLoopMonitor {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  let longestMs = 0
  const timer = setInterval(() => {
    longestMs = delay.max / 1e6
    delay.reset()
  }, serverLimits.eventLoopWatchMs)
  timer.unref()
  return {
    longestMs: () => longestMs,
    stop() {
      clearInterval(timer)
      delay.disable()
    },
  }
}
