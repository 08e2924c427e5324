// Is the process alive (/healthz), can it do its work (/readyz)? For supervisors and balancers.

import { assertDatabaseAnswers } from '#db/queries/health.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { hasRoom } from '../../attachments/staged-uploads.ts'
import type { App } from '../../context.ts'
import { type BriefCache, createBriefCache } from '../../shared/brief-cache.ts'
import { AppError } from '../../shared/errors.ts'
import { type HttpServer, probes } from '../route-auth.ts'

export function healthRoutes(app: App, http: HttpServer): void {
  const hasDisk = createBriefCache(serverLimits.diskCheckMs, () =>
    hasRoom(app.config.dataDir, serverLimits.readyDiskBytes),
  )
  const readiness = createBriefCache(serverLimits.cachedReplyMs, () => assertReady(app, hasDisk))

  http.get('/healthz', { config: probes }, async () => ({ status: 'alive' }))

  http.get('/readyz', { config: probes }, async () => {
    await readiness.get()
    // Redis away takes no node out: each still serves its own clients, and a balancer would take out all of them at one moment.
    return {
      status: 'ready',
      ...(app.redis && { redis: app.redis.isUp() ? 'up' : 'away' }),
      ...(app.workerIpc && { workers: { ready: app.workerIpc.ready(), of: app.workerIpc.count } }),
    }
  })
}

async function assertReady(app: App, hasDisk: BriefCache<boolean>): Promise<void> {
  await assertDatabaseAnswers(app.db)
  if (app.eventLoop.longestMs() > serverLimits.eventLoopStallMs) {
    throw new AppError('unavailable', 'This process stood still just now.')
  }
  // A folder that cannot be looked at says nothing of the disk.
  if (!(await hasDisk.get().catch(() => true))) throw new AppError('unavailable', 'The disk is full.')
}
