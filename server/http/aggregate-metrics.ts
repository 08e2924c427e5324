// The figures of all workers in one answer: the worker that is asked asks the others. Each has its own label `worker`, so that nothing is
// averaged away and a counter that begins again at 0 with its worker is seen to.

import { randomUUID } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { type Metric, Registry } from 'prom-client'
import { serverLimits } from '#protocol/limits/server.ts'
import type { WorkerIpc } from '../cluster/workers/worker-ipc.ts'

type Figures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Answers with what there is of all of them; those who do not answer within serverLimits.workerMetricsMs are missing. */
export function aggregateMetrics(own: Registry, workerIpc: WorkerIpc): () => Promise<string> {
  const asked = new Map<string, (told: Figures) => void>()

  workerIpc.subscribe(['figures:ask'], async (question) => {
    const figures = await own.getMetricsAsJSON()
    workerIpc.publish('figures:told', serialize({ question: question.toString(), figures }))
  })
  workerIpc.subscribe(['figures:told'], (message) => {
    const { question, figures } = deserialize(message) as { question: string; figures: Figures }
    asked.get(question)?.(figures)
  })

  return async () => {
    const question = randomUUID()
    const all = [await own.getMetricsAsJSON()]
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, serverLimits.workerMetricsMs)
      asked.set(question, (figures) => {
        if (all.push(figures) < workerIpc.ready()) return
        clearTimeout(timer)
        resolve()
      })
      workerIpc.publish('figures:ask', question)
    })
    asked.delete(question)
    return merge(all)
  }
}

function merge(all: Figures[]): Promise<string> {
  const registry = new Registry()
  for (const [name, parts] of Map.groupBy(all.flat(), (figure) => figure.name)) {
    const values = parts.flatMap((part) => ('values' in part ? part.values : []))
    const merged = { name, get: async () => ({ ...parts[0], values }) }
    registry.registerMetric(merged as unknown as Metric)
  }
  return registry.metrics()
}
