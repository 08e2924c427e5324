// V8 keeps memory as long as little happens: a start leaves a heap of 105 MB of which 36 are used, and five thousand customers who came
// together cost 37 KiB each for minutes, of which 15 are theirs. So garbage is collected once after the start, and whenever much has come
// together since and it is quiet.

import { Session } from 'node:inspector/promises'
import { performance } from 'node:perf_hooks'
import { serverLimits } from '#protocol/limits/server.ts'

/** Collects at once and from then on. A collection stands still for some 40 ms, with 5,000 connections for 130. */
export async function collectGarbageWhenIdle(
  everyMs: number = serverLimits.idleGcIntervalMs,
): Promise<{ stop(): void }> {
  /** The fewest resident bytes since the last collection, whose effect comes a little after it. */
  let least = 0
  async function collect() {
    const session = new Session()
    session.connect()
    await session.post('HeapProfiler.collectGarbage')
    session.disconnect()
    least = process.memoryUsage.rss()
  }
  await collect()
  let before = performance.eventLoopUtilization()

  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(before)
    before = performance.eventLoopUtilization()
    const resident = process.memoryUsage.rss()
    least = Math.min(least, resident)
    if (utilization <= serverLimits.idleGcUtilization && resident - least >= serverLimits.idleGcBytes) void collect()
  }, everyMs)
  timer.unref()

  return { stop: () => clearInterval(timer) }
}
