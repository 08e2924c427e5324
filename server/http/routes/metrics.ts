// Figures for Prometheus, of all workers. With METRICS_TOKEN set it must be shown; without one they are for this machine alone.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { App } from '../../context.ts'
import { countsOfKinds } from '../../shared/bounded-log.ts'
import { clientAddress } from '../../shared/client-address.ts'
import { AppError } from '../../shared/errors.ts'
import { logSecurity, securityEventNames } from '../../shared/security-log.ts'
import { aggregateMetrics } from '../aggregate-metrics.ts'
import { bearerToken, type HttpServer, localOnly, probes } from '../route-auth.ts'

export function metricsRoutes(app: App, http: HttpServer): void {
  const { metricsToken, nodeId } = app.config
  const registry = new Registry()
  const { redis, workerIpc } = app
  registry.setDefaultLabels({ node: nodeId, ...(workerIpc && { worker: String(workerIpc.number) }) })
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

  countSecurityEvents(app, registry)

  http.addHook('onResponse', async ({ method, routeOptions }, { elapsedTime, statusCode }) => {
    seconds.observe({ method, route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  })

  const figures = workerIpc ? aggregateMetrics(registry, workerIpc) : () => registry.metrics()
  const config = metricsToken === null ? { ...localOnly, admission: 'probe' as const } : probes
  http.get('/metrics', { config }, async (request, reply) => {
    if (metricsToken !== null) assertMetricsToken(app, request, metricsToken)
    return reply.type(registry.contentType).send(await figures())
  })
}

/** Of each event all that happened, also those of which the log has no line. */
function countSecurityEvents(app: App, registry: Registry) {
  new Counter({
    name: 'kefu_security_events_total',
    help: 'Events of the security log, those that it left out included.',
    labelNames: ['event'],
    registers: [registry],
    collect() {
      const counts = new Map(countsOfKinds(app))
      this.reset()
      for (const event of securityEventNames) this.inc({ event }, counts.get(event) ?? 0)
    },
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

/** Guesses count for their address: past the budget even the right token is rate_limited. */
function assertMetricsToken(app: App, request: FastifyRequest, expected: string): void {
  const given = bearerToken(request)
  const { group } = clientAddress(app.config, request.raw)
  if (given !== undefined) app.rates.check('metricsGuessesPerAddress', group)
  if (given !== undefined && isSame(given, expected)) return
  if (given !== undefined) {
    app.rates.count('metricsGuessesPerAddress', group)
    logSecurity(app, 'metrics_refused', {}, group)
  }
  throw new AppError('unauthorized', 'The bearer token is not METRICS_TOKEN.')
}

/** Takes the same time for any two texts of the given length: their hashes are compared. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}
