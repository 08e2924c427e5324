// Composition root: creates the parts of a Kefu on a prepared database and connects them to HTTP and sockets. Does not
// listen yet.

import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import { createPresence } from './agents/presence.ts'
import { startReleaseSweep } from './agents/release-disabled.ts'
import { createAttachments } from './attachments/attachments.ts'
import { createCurrentActors } from './auth/current-actors.ts'
import { createPageReads } from './budgets/page-reads.ts'
import { createRateLimiter } from './budgets/rate-limiter.ts'
import { createSlotCounter } from './budgets/slots.ts'
import { createViolations } from './budgets/violations.ts'
import { joinCluster } from './cluster/cluster.ts'
import { createRejectedMessages } from './cluster/rejected-messages.ts'
import { signBus } from './cluster/signed-bus.ts'
import { enableStickySessions } from './cluster/workers/sticky-sessions.ts'
import type { WorkerIpc } from './cluster/workers/worker-ipc.ts'
import type { App } from './context.ts'
import { openEpoch } from './conversation-state/epoch.ts'
import { createConversationUpdates } from './conversation-state/publish-conversation.ts'
import { startHousekeeping } from './customers/housekeeping.ts'
import { plainHeaders } from './http/security-headers.ts'
import { createHttpServer } from './http/server.ts'
import { warnOfMissingProxies } from './http/untrusted-proxy.ts'
import { createWritePath } from './messages/write-path/write-path.ts'
import type { Config } from './process/config.ts'
import { monitorEventLoop } from './process/event-loop-monitor.ts'
import { createConnectionRegistry } from './realtime/connection-registry.ts'
import { createPublish } from './realtime/publish.ts'
import { createRefusedSockets } from './realtime/refused-sockets.ts'
import { createSocketServer, serveRealtime } from './realtime/socket-server.ts'
import { endLapsed } from './realtime/sync/revoked-sessions.ts'
import { createNodeLease } from './shared/node-lease.ts'
import { createPublishedVersions } from './shared/published-versions.ts'

export interface AppParts {
  config: Config
  jwtSecrets: readonly string[]
  db: Database
  log: Logger
  now?: () => number
  workerIpc?: WorkerIpc
  /** False serves with plain Socket.IO (see realtime/socketio/README.md). */
  fastSocketIo?: boolean
  /** False writes every message under row locks (see messages/write-path/README.md). */
  optimisticAppend?: boolean
  /** The folder of the built pages, if it is not client-web/dist. */
  pages?: string
}

export interface RunningApp extends App {
  http: FastifyInstance
  /** Drains requests, asks clients to reconnect, closes all connections and timers. The database stays open. */
  stop(): Promise<void>
}

export async function createApp({
  config,
  jwtSecrets,
  db,
  log,
  now: suppliedNow,
  pages,
  workerIpc,
  fastSocketIo = true,
  optimisticAppend = true,
}: AppParts): Promise<RunningApp> {
  const io = createSocketServer()
  const actors = createCurrentActors()
  const connections = createConnectionRegistry(actors)
  // Imported on demand: the Redis client takes 9 MB of memory.
  const redis =
    config.redisUrl === null ? null : (await import('./cluster/redis-bus.ts')).connectRedis(config.redisUrl, log)
  const rejected = createRejectedMessages(log, redis ? 'redis' : 'worker')
  const bus = redis ? signBus(redis, jwtSecrets, rejected) : (workerIpc ?? null)
  // Rates use a monotonic clock: a system clock set back would make callers wait that long.
  const now = suppliedNow ?? Date.now
  const rates = createRateLimiter(suppliedNow ?? (() => performance.now()), {
    enabled: config.rateLimits,
    shared: bus !== null,
    addressFactor: config.addressLimits,
  })
  const cluster = bus && (await joinCluster({ db, rates }, io, bus, rejected, connections))
  redis?.start()
  const publish = createPublish(io, log)
  const publishedVersions = createPublishedVersions()
  const epoch = await openEpoch({ db, log })
  epoch.onChange((current) => {
    publishedVersions.clear()
    publish('epoch:changed', { agents: true, customers: true, local: true }, { epoch: current })
  })
  const conversationUpdates = createConversationUpdates({ db, publish, publishedVersions, log })
  const writePath = createWritePath(
    { db, publish, publishedVersions, conversationUpdates, epoch, log },
    { optimisticAppend },
  )
  const lease = createNodeLease({ db, config, log, countConnections: connections.count })
  const slots = createSlotCounter({ enabled: config.rateLimits, addressFactor: config.addressLimits })
  const app: App = {
    config,
    jwtSecrets,
    db,
    log,
    now,
    publish,
    connections: {
      count: connections.count,
      end(match, reason) {
        connections.end(match, reason)
        cluster?.end(match, reason)
      },
      endLapsed: () => endLapsed({ db, actors }, connections),
    },
    actors,
    epoch,
    publishedVersions,
    conversationUpdates,
    ...writePath,
    attachments: createAttachments({ config, log, rates, slots }),
    lease,
    presence: createPresence({ db, publish, publishedVersions, log, lease }),
    eventLoop: monitorEventLoop(),
    redis,
    workerIpc: workerIpc ?? null,
    rates,
    slots,
    violations: createViolations(rates),
    pageReads: createPageReads({ enabled: config.rateLimits }),
    refusedSockets: createRefusedSockets(),
  }
  if ((workerIpc?.number ?? 1) === 1) warnOfMissingProxies(app)
  const http = await createHttpServer(app, pages)
  io.attach(http.server)
  if (workerIpc) enableStickySessions(config, io, http.server, workerIpc)
  const realtime = serveRealtime(app, io, http.server, connections, { headers: plainHeaders(config), fastSocketIo })
  await app.presence.start()
  const housekeeping = startHousekeeping(app)
  const releaseSweep = startReleaseSweep(app)

  return {
    ...app,
    http,
    async stop() {
      housekeeping.stop()
      releaseSweep.stop()
      await realtime.stop()
      await http.close()
      app.attachments.stop()
      await Promise.all([app.messageWriter.drain(), app.receiptWriter.drain()])
      conversationUpdates.stop()
      app.eventLoop.stop()
      await app.presence.stop()
      cluster?.stop()
      await redis?.stop()
    },
  }
}
