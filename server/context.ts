// What every use case is given: the parts of a running Kefu, assembled once in app.ts and passed as a parameter.

import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import type { Presence } from './agents/presence.ts'
import type { Attachments } from './attachments/attachments.ts'
import type { CurrentActors } from './auth/current-actors.ts'
import type { RateLimiter } from './budgets/rate-limiter.ts'
import type { SlotCounter } from './budgets/slots.ts'
import type { Violations } from './budgets/violations.ts'
import type { WorkerIpc } from './cluster/workers/worker-ipc.ts'
import type { ConversationCache } from './conversation-state/conversation-cache.ts'
import type { ConversationUpdates } from './conversation-state/publish-conversation.ts'
import type { PublishedVersions } from './conversation-state/published-versions.ts'
import type { MessageWriter } from './messages/write-path/message-writer.ts'
import type { ReceiptWriter } from './messages/write-path/receipt-writer.ts'
import type { Config } from './process/config.ts'
import type { EventLoopMonitor } from './process/event-loop-monitor.ts'
import type { RefusedSockets } from './realtime/refused-sockets.ts'

/** Whom an event is told; a connection that fits several gets it once. */
export interface Audience {
  /** Connections subscribed to this conversation. */
  conversationId?: number
  /** Of these the agents'. */
  agentsIn?: number
  /** All connections of this user. */
  userId?: number
  agents?: true
  customers?: true
  /** Left out, whatever else fits. */
  exceptUserId?: number
  /** Not by way of other nodes, which see to their own. */
  local?: true
  /** May be dropped when a connection cannot take it at once. */
  passing?: true
}

/** Tells an event; called only after the commit of what it tells. Never waits, never throws. */
export type Publish = <E extends EventName>(event: E, to: Audience, data: ServerEvents[E]) => void

export type ClosingReason = ServerEvents['connection:closing']['reason']

export interface ConnectionMatch {
  userId: number
  /** Only connections of this session; without it all of the user's. */
  sessionId?: number
  exceptSessionId?: number
}

/** The open sockets, as far as use cases may touch them. */
export interface Connections {
  /** How many are open on this node. */
  count(): number
  /** Ends all that match on every node, telling them why first; nothing more is done for their actors, calls under way included. */
  end(match: ConnectionMatch, reason: ClosingReason): void
  /** Ends those of this node whose session the database has ended, whoever did it. */
  endLapsed(): Promise<void>
}

export interface App {
  config: Config
  /** Signs with the first, verifies with all; each at least 32 characters. */
  jwtSecrets: readonly string[]
  db: Database
  log: Logger
  /** Milliseconds since 1970; tests own it. */
  now(): number
  publish: Publish
  connections: Connections
  /** Who acts on this node just now. */
  actors: CurrentActors
  messageWriter: MessageWriter
  receiptWriter: ReceiptWriter
  /** The last state of conversations that this node committed or read. */
  conversationCache: ConversationCache
  /** The latest version of each conversation that this node published. */
  publishedVersions: PublishedVersions
  /** Publishes frequent changes of conversations at a bounded rate. */
  conversationUpdates: ConversationUpdates
  presence: Presence
  attachments: Attachments
  eventLoop: EventLoopMonitor
  /** By which nodes hear from each other; null without REDIS_URL. */
  redis: { isUp(): boolean } | null
  /** The other workers of this port; null where this process is alone on it. */
  workerIpc: WorkerIpc | null
  rates: RateLimiter
  slots: SlotCounter
  violations: Violations
  refusedSockets: RefusedSockets
}
