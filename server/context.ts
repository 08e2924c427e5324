// The parts of a running Kefu. app.ts assembles them once and passes them to every use case as a parameter.

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
import type { ConversationUpdates } from './conversation-state/publish-conversation.ts'
import type { PublishedVersions } from './conversation-state/published-versions.ts'
import type { ConversationCache } from './messages/write-path/conversation-cache.ts'
import type { MessageWriter } from './messages/write-path/message-writer.ts'
import type { ReceiptWriter } from './messages/write-path/receipt-writer.ts'
import type { Config } from './process/config.ts'
import type { EventLoopMonitor } from './process/event-loop-monitor.ts'
import type { RefusedSockets } from './realtime/refused-sockets.ts'

/** The connections that an event goes to. One that matches several members gets it once. */
export interface Audience {
  /** Connections subscribed to this conversation. */
  conversationId?: number
  /** Connections of agents that are subscribed to this conversation. */
  agentsIn?: number
  /** All connections of this user. */
  userId?: number
  agents?: true
  customers?: true
  /** Excluded, whatever else matches. */
  exceptUserId?: number
  /** This node's connections only: other nodes publish to their own. */
  local?: true
  /** May be dropped when a connection has a backlog. */
  volatile?: true
}

/** Called only after the commit that the event reports. Never waits and never throws. */
export type Publish = <E extends EventName>(event: E, to: Audience, data: ServerEvents[E]) => void

export type ClosingReason = ServerEvents['connection:closing']['reason']

export interface ConnectionMatch {
  userId: number
  /** Only connections of this session. Without it, all of the user's. */
  sessionId?: number
  exceptSessionId?: number
}

/** The part of the connection registry that use cases may call. */
export interface Connections {
  /** Open connections of this node. */
  count(): number
  /**
   * Closes all matching connections on every node, after `connection:closing`. Cancels what their actors have in
   * flight.
   */
  end(match: ConnectionMatch, reason: ClosingReason): void
  /** Closes this node's connections whose session has ended in the database. */
  endLapsed(): Promise<void>
}

export interface App {
  config: Config
  /** Signs with the first, verifies with all; each at least 32 characters. */
  jwtSecrets: readonly string[]
  db: Database
  log: Logger
  /** Milliseconds since 1970. Tests supply their own clock. */
  now(): number
  publish: Publish
  connections: Connections
  /** Actors with a connection or a call on this node. */
  actors: CurrentActors
  writer: MessageWriter
  receiptWriter: ReceiptWriter
  /** The state of each conversation that this node last committed. */
  conversationCache: ConversationCache
  /** The latest version of each conversation that this node published. */
  publishedVersions: PublishedVersions
  /** Throttles `conversation:updated`. */
  conversationUpdates: ConversationUpdates
  presence: Presence
  attachments: Attachments
  eventLoop: EventLoopMonitor
  /** The bus between nodes; null without REDIS_URL. */
  redis: { isUp(): boolean } | null
  /** The other workers of this port; null where this process is the only one. */
  workerIpc: WorkerIpc | null
  rates: RateLimiter
  slots: SlotCounter
  violations: Violations
  refusedSockets: RefusedSockets
}
