// Measures event loop stalls: a process that stalled for seconds reports not ready, so that a load balancer avoids it.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { serverLimits } from '#protocol/limits/server.ts'

export interface EventLoopMonitor {
  /** The longest stall of the last complete period of serverLimits.eventLoopWatchMs, in milliseconds. */
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
