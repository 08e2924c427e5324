// Server tuning: queues, batches, caches, deadlines and intervals that no client needs to know. Times are milliseconds
// unless the name says otherwise.

export const serverLimits = {
  // Message writer

  /** Sends queued on this node; the next is answered overloaded. */
  writerQueue: 10_000,
  writerBatchRows: 200,
  writerBatchBytes: 1024 * 1024,
  /**
   * Concurrent batches: one commits while the next is prepared. A second starts once fullBatchRows wait, or when the
   * first is slow.
   */
  concurrentBatches: 2,
  fullBatchRows: 16,
  /** A batch that takes longer may be waiting for a locked row; a second one then starts for whatever is queued. */
  slowBatchMs: 100,
  /** Messages that one receipt statement marks as read. */
  receiptRows: 500,

  // Conversation cache

  cachedConversations: 20_000,
  /** Less than absentAgentMs, since an agent's absence does not change the version. */
  cachedConversationMs: 4 * 60_000,
  /** Maximum clock error that the database accepts for a message. */
  clockToleranceMs: 1_000,
  /** Resolution of updated_at and changed_at while only messages arrive. */
  timestampResolutionMs: 1_000,

  // Conversations

  /** Closed conversations, newest first, that are published when their customer is blocked or unblocked. */
  publishedClosed: 100,
  /** Versions of one list that a node remembers as published; it may publish others twice. */
  publishedVersions: 50_000,
  /** Minimum interval between two updates of one conversation to agents. */
  conversationUpdateMs: 250,
  /** The interval grows up to this under load, so that updates take at most a fiftieth of the message writer's time. */
  maxConversationUpdateMs: 2_000,
  /** Conversations that one statement reads for publishing. */
  publishPageSize: 100,
  /** A customer's message to an agent who has been offline for this long requeues the conversation. */
  absentAgentMs: 5 * 60_000,

  /** Conversations of a disabled agent that one transaction releases. */
  releaseRows: 100,
  /** Interval of the search for conversations of disabled agents. */
  releaseSweepMs: 10_000,

  // Reconciliation

  reconcileMs: 5_000,
  /** A change may commit this long after its changed_at. */
  reconcileOverlapMs: 10_000,
  /** Changed rows of one list per round; more wait for the next round. */
  reconcileRows: 5_000,
  listNameLength: 40,
  /** Interval of conversation:heads to subscribed clients. */
  headsMs: 8_000,
  /** Conversations per statement that reads heads. */
  headsRows: 500,
  /** Interval of the check for sessions and users that another process has revoked, and sessions per statement. */
  revokedSessionsMs: 4_000,
  revokedSessionsRows: 500,

  // Presence

  /** Between an agent's last disconnect and "offline". */
  presenceGraceMs: 10_000,
  /** A node whose heartbeat is older than this counts as dead. */
  nodeLeaseMs: 8_000,
  nodeLeaseRenewMs: 2_000,
  /**
   * A node whose last renewal is older than this is not ready: nothing can be written. Two renewals have failed by
   * then.
   */
  staleLeaseMs: 5_000,
  nodeLabelLength: 80,
  /** A Galera node's identity, a UUID with room to spare. */
  databaseNodeLength: 64,

  // Connections

  /** Interval of the response deadline check. */
  responseSweepMs: 50,
  /** Interval of the slow-consumer check of all connections, and of those that wait for room to read a page. */
  slowConsumerSweepMs: 250,
  pageRoomSweepMs: 50,
  /** A backlogged connection that reads nothing for this long is terminated. */
  stalledMs: 30_000,
  /** For a client to close its connection after the server has asked it to. */
  closingMs: 3_000,
  floodClosingMs: 500,
  /** A connection outlives its token by at most this. */
  expirySweepMs: 1_000,
  /** Interval of the check whether clients read their HTTP responses. */
  httpReadSweepMs: 250,
  /** Unread bytes that are measured immediately, without waiting for the next check. */
  httpReadBytes: 4 * 1024 * 1024,
  /** Interval at which waiting connections of violators are served. */
  pacedConnectionsMs: 20,
  /** The rest of a rejected body is drained for this long, so that the client reads the response. */
  refusedBodyMs: 2_000,

  /** Interval at which a node compares its connections with the other nodes. It spreads what it asks over it. */
  rebalanceMs: 5_000,
  /** Differences of up to this many connections, or this part of the share, stay. */
  rebalanceSlack: 2,
  rebalanceSlackShare: 0.1,
  /** Connections that a node asks to reconnect per round. */
  rebalanceConnections: 500,
  /** A connection that made a request this recently stays for now. */
  rebalanceIdleMs: 2_000,
  /** Rounds after which all connections have come back to the node, and the pause that follows. */
  rebalanceFruitlessRounds: 3,
  rebalancePauseMs: 600_000,

  // Sessions and passwords

  userAgentLength: 200,
  /**
   * Replaced tokens that a session remembers; while all are in their grace period, the current token is not replaced.
   */
  formerTokens: 16,
  /** A trusted device expires after this: the longest that browsers keep a cookie (RFC 6265bis). */
  trustedDeviceMs: 400 * 24 * 3600_000,
  concurrentPasswordHashes: 2,
  passwordHashQueue: 100,
  /** A separate queue with priority, for trusted devices and signed-in users. */
  trustedPasswordHashQueue: 100,
  /** The highest cost of another program's bcrypt hash that a login verifies: half a second of a core. */
  bcryptCost: 13,
  /** The same for argon2. */
  argonMemoryKiB: 256 * 1024,
  argonTime: 16,
  argonThreads: 16,
  /** An argon2id hash in PHC format. */
  passwordHashLength: 255,

  // Uploads

  /** UTF-16 units of an uploaded file's name; a longer one keeps its beginning and its end. */
  uploadedNameLength: 1024,
  /** Width of the column; attachmentNameLength fits with room to spare. */
  storedAttachmentNameLength: 160,
  /** Hexadecimal digits of 16 random bytes, for stored files and node ids. */
  randomNameLength: 32,
  mimeTypeLength: 100,
  /** Images with a rotation are halved above this. */
  rotatedPixels: 25_000_000,
  /** The longer side of a thumbnail. */
  thumbnailPixels: 480,
  /**
   * An inspector process exits above this; after an image it is replaced if it retains more than
   * inspectorRetainedBytes.
   */
  inspectorMemoryBytes: 600 * 1024 * 1024,
  inspectorMemoryCheckMs: 50,
  inspectorRetainedBytes: 160 * 1024 * 1024,
  inspectorIdleMs: 60_000,
  /** Prefix that decides whether a file without a signature is text. */
  textCheckBytes: 64 * 1024,
  /** For the file that checks whether the uploads folder can be written. */
  uploadsCheckMs: 1_000,
  /** The remains of an aborted upload are deleted after this long. */
  abortedUploadMs: 3600_000,

  // Disk

  /** Uploads are rejected below this, since the database may need the space. */
  freeDiskBytes: 1024 * 1024 * 1024,
  /** An upload checks the disk again after this many bytes. */
  diskCheckBytes: 4 * 1024 * 1024,
  /** Below this the embedded database logs a warning. */
  lowDiskBytes: 512 * 1024 * 1024,
  diskWatchMs: 10_000,
  /** Below this the process is not ready. */
  readyDiskBytes: 64 * 1024 * 1024,
  /** Minimum interval between two disk checks of readiness. */
  diskCheckMs: 2_000,

  // Housekeeping

  abandonedCustomerMs: 24 * 3600_000,
  /** A conversation without a message is deleted after this long. */
  emptyConversationMs: 24 * 3600_000,
  /** Rows that one housekeeping statement deletes. */
  housekeepingRows: 500,

  // Erasing a customer

  /** Messages, or uploads, that one transaction of an erasure deletes. */
  erasedRows: 200,
  /** An erasure starts over this often when new rows arrive meanwhile. */
  erasureRounds: 10,
  /** The ids of erased conversations are kept this long, for nodes that have not published them. */
  erasedConversationsKeptMs: 24 * 3600_000,

  // Process

  /** A stall of the event loop longer than this, within eventLoopWatchMs, makes the process not ready. */
  eventLoopStallMs: 2_000,
  eventLoopWatchMs: 5_000,
  /**
   * Garbage is collected after this much allocation if the event loop was busy for at most idleGcUtilization of the
   * interval.
   */
  idleGcBytes: 32 * 1024 * 1024,
  /** 5,000 idle connections use an eighth of a slow core. */
  idleGcUtilization: 0.2,
  idleGcIntervalMs: 10_000,
  /** A stop finishes requests in flight within this time; flushMs of it is for the last responses to leave. */
  drainMs: 10_000,
  flushMs: 3_000,
  workers: 64,
  /** The primary kills a worker that is still running after this, so that the database can stop within drainMs. */
  workerDrainMs: 8_000,
  /** Connections that wait for a free worker; the next is closed. */
  waitingConnections: 1_000,
  /** A worker that does not reply within this is missing from /metrics. */
  workerMetricsMs: 500,

  // Replies without a token

  /** Cache time of database reads that need no token. */
  cachedReplyMs: 500,
  cachedSites: 1_000,
  /** Site keys per lookup statement. */
  siteLookupRows: 100,

  // Database

  databaseConnections: 10,
  /** A second pool, for transactions in one round trip. */
  pipelineConnections: 2,
  /**
   * Workers share the server's max_connections: each gets minDatabaseConnections to databaseConnections, and some stay
   * spare.
   */
  minDatabaseConnections: 5,
  spareDatabaseConnections: 11,
  /** Callers that wait for a connection; the next is answered overloaded. */
  databaseQueue: 1_000,
  databaseConnectMs: 5_000,
  /** The longest life of a connection, so that a proxy, a DNS change or a new certificate reaches all of them. */
  databaseConnectionLifeMs: 30 * 60_000,
  databaseAcquireMs: 1_000,
  databaseQueryMs: 1_800,
  /** Shorter than databaseQueryMs, so that the transaction can retry in time. */
  databaseLockWaitSeconds: 1,
  transactionTries: 4,
  /** Interval at which each process checks the server's settings again, besides on each new connection. */
  serverCheckMs: 5_000,
  /** Connections that the start opens to see whether they all lead to one node of a Galera cluster. */
  writerProbes: 4,
  /** While a start waits for the database: one line per databaseWaitLineMs, one try per databaseWaitRetryMs. */
  databaseWaitLineMs: 10_000,
  databaseWaitRetryMs: 1_000,
  /** For another process that migrates the database to finish. */
  migrationLockSeconds: 120,
  migrationNameLength: 100,

  // Cluster

  redisPingMs: 1_000,
  /** Redis counts as away when it has not replied for this long. */
  redisReplyMs: 2_000,
  /** The longest pause between two reconnects to Redis. */
  redisRetryMs: 2_000,
  /** Outgoing messages that wait for Redis; more are dropped. */
  busBufferBytes: 8 * 1024 * 1024,
  /** Nodes whose last message a node remembers, past ones included. */
  busSenders: 1_000,
  /** One message of another node; the largest event is a twentieth of it. */
  busMessageBytes: 4 * 1024 * 1024,
  /** Minimum interval between two log lines about rejected bus messages of one kind. */
  rejectedMessageLogMs: 60_000,
  /** Interval at which nodes exchange rate limiter counts, and callers per exchange. */
  sharedRatesMs: 500,
  sharedRatesRows: 1_000,

  // Backup

  /** One line of a backup. A line holds at most one writer batch, escaped. */
  backupLineBytes: 16 * 1024 * 1024,
  /**
   * Maximum ratio of unpacked to packed size, and the size that is always allowed. Rows with random ids compress to a
   * tenth at best.
   */
  backupExpansion: 200,
  backupExpansionFloorBytes: 64 * 1024 * 1024,
  /** One file in a backup: an upload, or an image after re-encoding. */
  storedFileBytes: 256 * 1024 * 1024,
} as const
