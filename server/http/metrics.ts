// Figures for Prometheus. With METRICS_TOKEN set it must be shown; without one they are for this machine alone.

import { timingSafeEqual } from 'node:crypto'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { bearerToken, everyone, type HttpServer, localOnly } from './callers.ts'

export function metricsRoutes(app: App, http: HttpServer): void {
  const { metricsToken, nodeId } = app.config
  const registry = new Registry()
  registry.setDefaultLabels({ node: nodeId })
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'kefu_http_request_seconds',
    help: 'Time from an HTTP request to its answer, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })

  http.addHook('onResponse', async ({ method, routeOptions }, { elapsedTime, statusCode }) => {
    seconds.observe({ method, route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  })

  http.get('/metrics', { config: metricsToken === null ? localOnly : everyone }, async (request, reply) => {
    if (metricsToken !== null && !isSame(bearerToken(request) ?? '', metricsToken)) {
      throw new AppError('unauthorized', 'The bearer token is not METRICS_TOKEN.')
    }
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

/** Takes the same time wherever two texts of one length differ. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
