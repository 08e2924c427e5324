// Liveness (/healthz) and readiness (/readyz), for supervisors and load balancers.

import { assertDatabaseAnswers } from '#db/queries/health.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { hasRoom } from '../../attachments/staged-uploads.ts'
import type { App } from '../../context.ts'
import { AppError } from '../../shared/errors.ts'
import { createMicroCache, type MicroCache } from '../../shared/micro-cache.ts'
import { type HttpServer, probes } from '../route-auth.ts'

export function healthRoutes(app: App, http: HttpServer): void {
  const hasDisk = createMicroCache(serverLimits.diskCheckMs, () =>
    hasRoom(app.config.dataDir, serverLimits.readyDiskBytes),
  )
  const readiness = createMicroCache(serverLimits.cachedReplyMs, () => assertReady(app, hasDisk))

  http.get('/healthz', { config: probes }, async () => ({ status: 'alive' }))

  http.get('/readyz', { config: probes }, async () => {
    await readiness.get()
    // A Redis outage makes no node unready: each still serves its own clients, and a balancer would remove all of them
    // together.
    return {
      status: 'ready',
      leaseAgeMs: Math.round(app.lease.ageMs()),
      ...(app.redis && { redis: app.redis.isUp() ? 'up' : 'away' }),
      ...(app.workerIpc && { workers: { ready: app.workerIpc.ready(), of: app.workerIpc.count } }),
    }
  })
}

async function assertReady(app: App, hasDisk: MicroCache<boolean>): Promise<void> {
  await assertDatabaseAnswers(app.db)
  const leaseAgeMs = Math.round(app.lease.ageMs())
  if (leaseAgeMs > serverLimits.staleLeaseMs) {
    throw new AppError('unavailable', 'The database accepts no writes.', { leaseAgeMs })
  }
  const problem = app.lease.problem()
  if (problem !== null) throw new AppError('unavailable', problem)
  if (app.eventLoop.longestMs() > serverLimits.eventLoopStallMs) {
    throw new AppError('unavailable', 'Event loop stalled.')
  }
  // A failed check says nothing about the disk.
  if (!(await hasDisk.get().catch(() => true))) throw new AppError('unavailable', 'The disk is full.')
}
