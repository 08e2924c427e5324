// Figures for Prometheus, of all workers. With METRICS_TOKEN set it must be shown; without one they are for this machine alone.

import { timingSafeEqual } from 'node:crypto'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { bearerToken, everyone, type HttpServer, localOnly } from './callers.ts'
import { figuresOfAll } from './worker-figures.ts'

export function metricsRoutes(app: App, http: HttpServer): void {
  const { metricsToken, nodeId } = app.config
  const registry = new Registry()
  const { redis, siblings } = app
  registry.setDefaultLabels({ node: nodeId, ...(siblings && { worker: String(siblings.number) }) })
  collectDefaultMetrics({ register: registry })
  const seconds = new Histogram({
    name: 'kefu_http_request_seconds',
    help: 'Time from an HTTP request to its answer, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })

  figure(registry, 'kefu_connections', 'Open socket connections of this process.', () => app.connections.count())
  const refused = new Counter({
    name: 'kefu_refused_sockets_total',
    help: 'Handshakes that were refused and connections that were ended, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of app.refusedSockets.entries()) refused.inc({ reason }, count)
    },
  })
  if (redis) figure(registry, 'kefu_redis_up', '1 while Redis answers.', () => (redis.isUp() ? 1 : 0))

  http.addHook('onResponse', async ({ method, routeOptions }, { elapsedTime, statusCode }) => {
    seconds.observe({ method, route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  })

  const figures = siblings ? figuresOfAll(registry, siblings) : () => registry.metrics()
  http.get('/metrics', { config: metricsToken === null ? localOnly : everyone }, async (request, reply) => {
    if (metricsToken !== null && !isSame(bearerToken(request) ?? '', metricsToken)) {
      throw new AppError('unauthorized', 'The bearer token is not METRICS_TOKEN.')
    }
    return reply.type(registry.contentType).send(await figures())
  })
}

/** A figure that is asked for when somebody looks. */
function figure(registry: Registry, name: string, help: string, value: () => number) {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })
}

/** Takes the same time wherever two texts of one length differ. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
