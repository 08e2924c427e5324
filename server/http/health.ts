// Is the process alive (/healthz), can it do its work (/readyz)? For supervisors and balancers.

import { assertDatabaseAnswers } from '#db/health.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { everyone, type HttpServer } from './callers.ts'

export function healthRoutes(app: App, http: HttpServer): void {
  http.get('/healthz', { config: everyone }, async () => ({ status: 'alive' }))

  http.get('/readyz', { config: everyone }, async () => {
    await assertDatabaseAnswers(app.db)
    if (app.eventLoop.longestMs() > limits.eventLoopStallMs) {
      throw new AppError('unavailable', 'This process stood still just now.')
    }
    // Redis away takes no node out: each still serves its own clients, and a balancer would take out all of them at one moment.
    return {
      status: 'ready',
      ...(app.redis && { redis: app.redis.isUp() ? 'up' : 'away' }),
      ...(app.siblings && { workers: { ready: app.siblings.ready(), of: app.siblings.count } }),
    }
  })
}
