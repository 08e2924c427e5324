// Metrics of all workers in one response: the scraped worker collects them from the others. Each keeps its own `worker`
// label, so a restart appears as a counter reset.

import { randomUUID } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { type Metric, Registry } from 'prom-client'
import { serverLimits } from '#protocol/limits/server.ts'
import type { WorkerIpc } from '../cluster/workers/worker-ipc.ts'

type Metrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Omits workers that do not answer within serverLimits.workerMetricsMs. */
export function aggregateMetrics(own: Registry, workerIpc: WorkerIpc): () => Promise<string> {
  const scrapes = new Map<string, (metrics: Metrics) => void>()

  workerIpc.subscribe(['metrics:request'], async (scrapeId) => {
    const metrics = await own.getMetricsAsJSON()
    workerIpc.publish('metrics:reply', serialize({ scrapeId: scrapeId.toString(), metrics }))
  })
  workerIpc.subscribe(['metrics:reply'], (message) => {
    const { scrapeId, metrics } = deserialize(message) as { scrapeId: string; metrics: Metrics }
    scrapes.get(scrapeId)?.(metrics)
  })

  return async () => {
    const scrapeId = randomUUID()
    const all = [await own.getMetricsAsJSON()]
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, serverLimits.workerMetricsMs)
      scrapes.set(scrapeId, (metrics) => {
        if (all.push(metrics) < workerIpc.ready()) return
        clearTimeout(timer)
        resolve()
      })
      workerIpc.publish('metrics:request', scrapeId)
    })
    scrapes.delete(scrapeId)
    return merge(all)
  }
}

function merge(all: Metrics[]): Promise<string> {
  const registry = new Registry()
  for (const [name, parts] of Map.groupBy(all.flat(), (metric) => metric.name)) {
    const values = parts.flatMap((part) => ('values' in part ? part.values : []))
    const merged = { name, get: async () => ({ ...parts[0], values }) }
    registry.registerMetric(merged as unknown as Metric)
  }
  return registry.metrics()
}
