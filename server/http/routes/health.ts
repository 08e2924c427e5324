// Liveness (/healthz) and readiness (/readyz), for supervisors and load balancers.

import { assertDatabaseAnswers } from '#db/queries/health.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { uploadsFolder } from '../../attachments/attachments.ts'
import { hasRoom } from '../../attachments/staged-uploads.ts'
import { findUploadsProblem } from '../../attachments/uploads-check.ts'
import type { App } from '../../context.ts'
import { AppError } from '../../shared/errors.ts'
import { createMicroCache, type MicroCache } from '../../shared/micro-cache.ts'
import { type HttpServer, probes } from '../route-auth.ts'

export function healthRoutes(app: App, http: HttpServer): void {
  const hasDisk = createMicroCache(serverLimits.diskCheckMs, () =>
    hasRoom(app.config.dataDir, serverLimits.readyDiskBytes),
  )
  const uploads = watchUploads(app)
  const readiness = createMicroCache(serverLimits.cachedReplyMs, () => assertReady(app, hasDisk))

  http.get('/healthz', { config: probes }, async () => ({ status: 'alive' }))

  http.get('/readyz', { config: probes }, async () => {
    await readiness.get()
    // A Redis outage makes no node unready: each still serves its own clients, and a balancer would remove all of them
    // together.
    return {
      status: 'ready',
      leaseAgeMs: Math.round(app.lease.ageMs()),
      // Nor does a missing uploads folder, which all nodes share: text still arrives.
      ...((await uploads.get()) !== null && { uploads: 'not writable' }),
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

/** The problem of the uploads folder or null; logs each change. */
function watchUploads({ config, log }: App): MicroCache<string | null> {
  let last: string | null = null
  return createMicroCache(serverLimits.diskCheckMs, async () => {
    const problem = await findUploadsProblem(uploadsFolder(config))
    if (problem !== last) {
      if (problem === null) log.info('uploads folder writable again')
      else log.error(problem)
    }
    last = problem
    return problem
  })
}
