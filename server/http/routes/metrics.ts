// Prometheus metrics of all workers. METRICS_TOKEN protects them. Without it only callers on this machine get them.

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
    help: 'Time from an HTTP request to its response, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })

  gauge(registry, 'kefu_connections', 'Open socket connections of this process.', () => app.connections.count())
  gauge(
    registry,
    'kefu_lease_age_seconds',
    'Time since the database accepted the last renewal of the node lease.',
    () => {
      return app.lease.ageMs() / 1000
    },
  )
  const refused = new Counter({
    name: 'kefu_refused_sockets_total',
    help: 'Refused handshakes and closed connections, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of app.refusedSockets.entries()) refused.inc({ reason }, count)
    },
  })
  if (redis) gauge(registry, 'kefu_redis_up', '1 while Redis answers.', () => (redis.isUp() ? 1 : 0))

  countSecurityEvents(app, registry)

  http.addHook('onResponse', async ({ method, routeOptions }, { elapsedTime, statusCode }) => {
    seconds.observe({ method, route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1000)
  })

  const collectMetrics = workerIpc ? aggregateMetrics(registry, workerIpc) : () => registry.metrics()
  const config = metricsToken === null ? { ...localOnly, admission: 'probe' as const } : probes
  http.get('/metrics', { config }, async (request, reply) => {
    if (metricsToken !== null) assertMetricsToken(app, request, metricsToken)
    return reply.type(registry.contentType).send(await collectMetrics())
  })
}

/** Counts every event, also those that the log suppressed. */
function countSecurityEvents(app: App, registry: Registry) {
  new Counter({
    name: 'kefu_security_events_total',
    help: 'Security events, suppressed log lines included.',
    labelNames: ['event'],
    registers: [registry],
    collect() {
      const counts = new Map(countsOfKinds(app))
      this.reset()
      for (const event of securityEventNames) this.inc({ event }, counts.get(event) ?? 0)
    },
  })
}

/** A gauge that is read at each scrape. */
function gauge(registry: Registry, name: string, help: string, value: () => number) {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })
}

/** Wrong tokens count for their address. Past the budget even the right token is rate_limited. */
function assertMetricsToken(app: App, request: FastifyRequest, expected: string): void {
  const given = bearerToken(request)
  const { group } = clientAddress(app.config, request.raw)
  if (given !== undefined) app.rates.check('metricsGuessesPerAddress', group)
  if (given !== undefined && isSame(given, expected)) return
  if (given !== undefined) {
    app.rates.count('metricsGuessesPerAddress', group)
    logSecurity(app, 'metrics_refused', {}, group)
  }
  throw new AppError('unauthorized', 'Send METRICS_TOKEN as the bearer token.')
}

/** Compares hashes, so that the time does not depend on where the texts differ. */
function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}
