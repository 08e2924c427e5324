// Assembly: makes the parts of a Kefu on an open, prepared database and joins them to the two edges. Listens to nothing yet.

import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import { createPresence } from './agents/presence.ts'
import { createAttachments } from './attachments/attachments.ts'
import { createCurrentActors } from './auth/current-actors.ts'
import { createRateLimiter } from './budgets/rate-limiter.ts'
import { createSlotCounter } from './budgets/slots.ts'
import { createViolations } from './budgets/violations.ts'
import { joinCluster } from './cluster/cluster.ts'
import { createRefusedMessages } from './cluster/rejected-messages.ts'
import { signBus } from './cluster/signed-bus.ts'
import { enableStickySessions } from './cluster/workers/sticky-sessions.ts'
import type { WorkerIpc } from './cluster/workers/worker-ipc.ts'
import type { App } from './context.ts'
import { createConversationCache } from './conversation-state/conversation-cache.ts'
import { createConversationUpdates } from './conversation-state/publish-conversation.ts'
import { createPublishedVersions } from './conversation-state/published-versions.ts'
import { startHousekeeping } from './customers/housekeeping.ts'
import { plainHeaders } from './http/security-headers.ts'
import { createHttpServer } from './http/server.ts'
import { warnOfMissingProxies } from './http/untrusted-proxy.ts'
import { createMessageWriter } from './messages/write-path/message-writer.ts'
import { createReceiptWriter } from './messages/write-path/receipt-writer.ts'
import type { Config } from './process/config.ts'
import { monitorEventLoop } from './process/event-loop-monitor.ts'
import { createConnectionRegistry } from './realtime/connection-registry.ts'
import { createPublish } from './realtime/publish.ts'
import { createRefusedSockets } from './realtime/refused-sockets.ts'
import { createSocketServer, serveRealtime } from './realtime/socket-server.ts'
import { useJsonEncoder } from './realtime/socketio/json-encoder.ts'
import { coalesceWrites } from './realtime/socketio/write-coalescing.ts'
import { endLapsed } from './realtime/sync/revoked-sessions.ts'

export interface AppParts {
  config: Config
  jwtSecrets: readonly string[]
  db: Database
  log: Logger
  now?: () => number
  workerIpc?: WorkerIpc
}

export interface RunningApp extends App {
  http: FastifyInstance
  /** Finishes what is in flight, asks clients to come back, ends all connections and timers. The database stays open. */
  stop(): Promise<void>
}

export async function createApp({
  config,
  jwtSecrets,
  db,
  log,
  now: ownedNow,
  workerIpc,
}: AppParts): Promise<RunningApp> {
  const io = createSocketServer()
  const actors = createCurrentActors()
  const connections = createConnectionRegistry(actors)
  // Loaded where it is wanted: its client is nine megabytes.
  const redis =
    config.redisUrl === null ? null : (await import('./cluster/redis-bus.ts')).connectRedis(config.redisUrl, log)
  const refused = createRefusedMessages(log, redis ? 'redis' : 'worker')
  const bus = redis ? signBus(redis, jwtSecrets, refused) : (workerIpc ?? null)
  // Rates go by a clock that nobody sets: set back, it would make people wait for as long.
  const now = ownedNow ?? Date.now
  const rates = createRateLimiter(ownedNow ?? (() => performance.now()), {
    enabled: config.rateLimits,
    shared: bus !== null,
    addressFactor: config.addressLimits,
  })
  const others = bus && (await joinCluster({ db, rates }, io, bus, refused, connections))
  redis?.start()
  const publish = createPublish(io, log)
  const conversationCache = createConversationCache()
  const publishedVersions = createPublishedVersions()
  const conversationUpdates = createConversationUpdates({ db, publish, publishedVersions, log })
  const writePath = { db, publish, conversationCache, publishedVersions, conversationUpdates, log }
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
        others?.end(match, reason)
      },
      endLapsed: () => endLapsed({ db, actors }, connections),
    },
    actors,
    conversationCache,
    publishedVersions,
    conversationUpdates,
    messageWriter: createMessageWriter(writePath),
    receiptWriter: createReceiptWriter(writePath),
    attachments: createAttachments({ config, log, rates, slots }),
    presence: createPresence({ db, publish, log, config }),
    eventLoop: monitorEventLoop(),
    redis,
    workerIpc: workerIpc ?? null,
    rates,
    slots,
    violations: createViolations(rates),
    refusedSockets: createRefusedSockets(),
  }
  if ((workerIpc?.number ?? 1) === 1) warnOfMissingProxies(app)
  const http = await createHttpServer(app)
  io.attach(http.server)
  if (workerIpc) enableStickySessions(config, io, workerIpc)
  coalesceWrites(io)
  useJsonEncoder(io)
  const realtime = serveRealtime(app, io, http.server, connections, plainHeaders(config))
  await app.presence.start()
  const upkeep = startHousekeeping(app)

  return {
    ...app,
    http,
    async stop() {
      upkeep.stop()
      await realtime.stop()
      await http.close()
      app.attachments.stop()
      await Promise.all([app.messageWriter.drain(), app.receiptWriter.drain()])
      conversationUpdates.stop()
      app.eventLoop.stop()
      await app.presence.stop()
      others?.stop()
      await redis?.stop()
    },
  }
}
