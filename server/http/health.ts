// Is the process alive (/healthz), can it do its work (/readyz)? For supervisors and balancers.

import { assertDatabaseAnswers } from '#db/health.ts'
import type { App } from '../context.ts'
import { everyone, type HttpServer } from './callers.ts'

export function healthRoutes(app: App, http: HttpServer): void {
  http.get('/healthz', { config: everyone }, async () => ({ status: 'alive' }))

  http.get('/readyz', { config: everyone }, async () => {
    await assertDatabaseAnswers(app.db)
    return { status: 'ready' }
  })
}
