// The parts of a running Kefu. app.ts assembles them once and passes them to every use case as a parameter.

import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import type { Presence } from './agents/presence.ts'
import type { Attachments } from './attachments/attachments.ts'
import type { CurrentActors } from './auth/current-actors.ts'
import type { PageReads } from './budgets/page-reads.ts'
import type { RateLimiter } from './budgets/rate-limiter.ts'
import type { SlotCounter } from './budgets/slots.ts'
import type { Violations } from './budgets/violations.ts'
import type { WorkerIpc } from './cluster/workers/worker-ipc.ts'
import type { Epoch } from './conversation-state/epoch.ts'
import type { ConversationUpdates } from './conversation-state/publish-conversation.ts'
import type { OnCommit } from './conversation-state/update-conversations.ts'
import type { MessageWriter } from './messages/write-path/message-writer.ts'
import type { ReceiptWriter } from './messages/write-path/receipt-writer.ts'
import type { Connections, Publish } from './ports.ts'
import type { Config } from './process/config.ts'
import type { EventLoopMonitor } from './process/event-loop-monitor.ts'
import type { RefusedSockets } from './realtime/refused-sockets.ts'
import type { NodeLease } from './shared/node-lease.ts'
import type { PublishedVersions } from './shared/published-versions.ts'

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
  messageWriter: MessageWriter
  receiptWriter: ReceiptWriter
  /** For update-conversations.ts alone, which calls it after every commit. */
  onCommit: OnCommit
  epoch: Epoch
  /** The latest version of each conversation that this node published. */
  publishedVersions: PublishedVersions
  /** Throttles `conversation:updated`. */
  conversationUpdates: ConversationUpdates
  lease: NodeLease
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
  pageReads: PageReads
  refusedSockets: RefusedSockets
}
