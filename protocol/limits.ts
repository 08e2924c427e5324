// Every limit, each defined once. Times are milliseconds unless the name says otherwise.

export const limits = {
  /** Length of a message, in code points. */
  contentLength: 4000,
  clientIdLength: 64,
  nameLength: 80,
  emailLength: 254,
  subjectLength: 200,
  greetingLength: 300,
  urlLength: 2000,
  usernameLength: 64,
  passwordMinLength: 8,
  passwordMaxLength: 256,
  originsPerSite: 20,
  /** Largest and default page of messages or conversations, in rows. */
  pageSize: 100,
  defaultPageSize: 50,
  /** Counts above this are shown as "999+". */
  countCap: 999,
  /**
   * Bytes of one request, socket or HTTP. The transport allows twice that, so that a larger one is answered too_large.
   */
  requestBytes: 64 * 1024,
  transportBytes: 128 * 1024,
  /** Nesting of JSON, checked before its schema. */
  requestDepth: 8,
  /** Keys of one object or items of one array in a request. */
  requestEntries: 100,
  /** Code points of the last message in lists and conversation events. */
  previewLength: 200,
  openConversationsPerCustomer: 3,
  /** Blocking or unblocking a customer publishes their newest closed conversations, up to this many. */
  publishedClosed: 100,
  /** Age at which a conversation without messages is removed. */
  emptyConversationMs: 24 * 3600_000,

  attachmentBytes: 20 * 1024 * 1024,
  attachmentNameLength: 120,
  /** UTF-16 units of a received file name. The middle of a longer one is dropped. */
  receivedNameLength: 1024,
  /** Headers of one multipart part, and the Content-Type header of the whole form. */
  partHeaderBytes: 8 * 1024,
  contentTypeLength: 300,
  /** Files that our own screens send together. */
  attachmentsPerSend: 10,
  /**
   * Width times height times frames, checked before decoding. Formats that need more memory or time have a lower limit.
   */
  imagePixels: 50_000_000,
  /** Progressive JPEG, interlaced PNG, GIF. */
  progressivePixels: 16_000_000,
  webpPixels: 8_500_000,
  avifPixels: 6_000_000,
  /** Above this, a photo that needs rotation is first scaled to half. */
  rotatedPixels: 25_000_000,
  imageFrames: 500,
  /** The longer side of a thumbnail. */
  thumbnailPixels: 480,
  /** Time to inspect one upload, and to wait for a free inspector. Together less than a client waits. */
  inspectionMs: 20_000,
  inspectionWaitMs: 12_000,
  /**
   * Above inspectorMemoryBytes an inspector exits. One that retains more than inspectorKeptBytes after an image is
   * replaced.
   */
  inspectorMemoryBytes: 600 * 1024 * 1024,
  inspectorMemoryCheckMs: 50,
  inspectorKeptBytes: 160 * 1024 * 1024,
  /** Bytes of a file without a signature that are checked for text. */
  textCheckBytes: 64 * 1024,
  /** An upload slower than this for uploadRateMs is aborted. */
  uploadBytesPerSecond: 4 * 1024,
  uploadRateMs: 10_000,
  /** From the first byte of an upload to its last. Every other request has requestMs. */
  uploadMs: 10 * 60_000,
  requestMs: 30_000,
  /** With less free disk uploads are refused: the database may need it. */
  freeDiskBytes: 1024 * 1024 * 1024,
  /** The log warns when the embedded database's disk has less free. Checked every diskWatchMs. */
  lowDiskBytes: 512 * 1024 * 1024,
  diskWatchMs: 10_000,
  /** During an upload the free disk is checked again after this many bytes. */
  diskCheckBytes: 4 * 1024 * 1024,
  /** Stored bytes per customer. */
  customerUploadBytes: 500 * 1024 * 1024,
  /** Age at which an attachment without a message, and the rest of an aborted upload, are removed. */
  orphanedAttachmentMs: 24 * 3600_000,
  abortedUploadMs: 3600_000,
  /** After an early response the rest of the body is read for this long, so that the client can read the response. */
  refusedBodyMs: 2_000,
  /** An idle inspector process exits after this long. */
  inspectorIdleMs: 60_000,

  /** Unanswered requests of one connection. One more is answered overloaded. */
  requestsPerConnection: 256,
  /** Sends in this node's send queue. One more is answered overloaded. */
  writerQueue: 10_000,
  writerBatchRows: 200,
  writerBatchBytes: 1024 * 1024,
  /** Concurrent batches: one commits while the next is prepared. A second starts once fullBatchRows wait. */
  concurrentBatches: 2,
  fullBatchRows: 16,
  /**
   * Entries of the conversation cache, and their lifetime: less than absentAgentMs, after which an agent counts as
   * absent.
   */
  cachedConversations: 20_000,
  cachedConversationMs: 4 * 60_000,
  /** Maximum clock error that the database accepts for a message. */
  clockToleranceMs: 1_000,
  /** Each node reconciles published versions with the database this often. */
  reconcileMs: 5_000,
  /** A change may commit this long after its timestamp. */
  reconcileOverlapMs: 10_000,
  /** Changed conversations per run of the reconciler. More wait for the next run. */
  reconcileRows: 5_000,
  /** Messages alone advance a conversation's updatedAt, which the reconciler reads, at most this often. */
  timestampResolutionMs: 1_000,
  /** Conversations whose published version a node remembers. Others may be published twice. */
  publishedVersions: 50_000,
  /** Response deadline: past it a request is answered unavailable, whatever the database does. */
  responseMs: 1_900,
  responseSweepMs: 50,
  /** A page ends before its JSON exceeds this, whatever its limit. It holds at least one row. */
  pageBytes: 256 * 1024,
  /** Interval of the slow-consumer check, and of the check for connections whose next page is deferred. */
  slowConsumerSweepMs: 250,
  pageRoomSweepMs: 50,
  /** A connection with a backlog is closed when its client has read nothing for this long. */
  stalledMs: 30_000,
  /** Time for a client to close its connection after `connection:closing`. */
  closingMs: 3_000,
  floodClosingMs: 500,
  /** A longer event loop stall within eventLoopWatchMs makes the process not ready. */
  eventLoopStallMs: 2_000,
  /** Lifetime of cached responses to calls without a token, and the number of sites cached. */
  publicCacheMs: 500,
  publicCacheSites: 1_000,
  /** Site keys per statement. */
  publicCacheRows: 100,
  /** With less free disk in DATA_DIR the process is not ready. Checked at most every diskCheckMs. */
  readyDiskBytes: 64 * 1024 * 1024,
  diskCheckMs: 2_000,
  /** Interval of the check that HTTP responses are read. */
  readingSweepMs: 250,
  /** A longer Authorization header is ignored. */
  credentialsLength: 8_192,
  eventLoopWatchMs: 5_000,
  /**
   * Garbage is collected once memory has grown by this much and the event loop was busy for at most this share of the
   * interval. 5,000 idle connections take an eighth of a slow core.
   */
  idleGcBytes: 32 * 1024 * 1024,
  idleGcUtilization: 0.2,
  idleGcIntervalMs: 10_000,
  /** Messages that one statement marks as read. */
  receiptRows: 500,

  accessTokenMs: 10 * 60_000,
  refreshSessionMs: 30 * 24 * 3600_000,
  /** Lifetime of a trusted device: the longest that browsers keep a cookie. */
  trustedDeviceMs: 400 * 24 * 3600_000,
  userAgentLength: 200,
  /** For this long the previous refresh token still returns the same successor. */
  refreshGraceMs: 30_000,
  /** Longest validity of an identity signed by a shop, and the allowed difference between its clock and ours. */
  identityMs: 10 * 60_000,
  identityClockSkewMs: 30_000,
  /** Length of the shop's own id of a customer. */
  externalIdLength: 128,
  /** A site's former identity secret stays valid for this long after a new one is created. */
  formerIdentitySecretMs: 24 * 3600_000,
  customerSessionMs: 180 * 24 * 3600_000,
  /** Age at which a customer who never wrote is removed. */
  abandonedCustomerMs: 24 * 3600_000,
  /** Sessions or customers that one housekeeping statement removes. */
  housekeepingRows: 500,

  /** Grace period between an agent's last disconnect and `offline`. */
  presenceGraceMs: 10_000,
  /** A node whose lease is older counts as dead. */
  nodeLeaseMs: 8_000,
  nodeLeaseRenewMs: 2_000,
  /** After an agent has been offline this long, a customer's message returns the conversation to the queue. */
  absentAgentMs: 5 * 60_000,
  /** Interval of `conversation:heads` for subscribed clients. */
  headsMs: 8_000,
  /** Conversations per statement that reads heads. */
  headsRows: 500,
  /** Agents get at most one update of a conversation per conversationUpdateMs. */
  conversationUpdateMs: 250,
  /**
   * The interval grows up to this under load, so that list updates take at most a fiftieth of the time that messages
   * need.
   */
  conversationUpdateMostMs: 2_000,
  /** Conversations per statement that reads updates to publish. */
  publishPageSize: 100,
  /** A typing state that is not repeated within this time ends. */
  typingMs: 6_000,
  typingPreviewLength: 500,

  handshakeMs: 5_000,
  /** Time for the headers of an HTTP request to arrive. */
  httpHeadersMs: 5_000,
  /** A connection outlives its token by at most this. */
  expirySweepMs: 1_000,
  pingIntervalMs: 15_000,
  pingTimeoutMs: 10_000,
  /** Shutdown drains work in flight within this time. */
  drainMs: 10_000,
  /** Part of drainMs: time for the last responses to be sent. */
  flushMs: 3_000,

  databaseConnections: 10,
  /** Separate connections for pipelined writes. */
  pipelineConnections: 2,
  /**
   * Workers share max_connections of the database server. Besides pipelineConnections each gets between these and
   * databaseConnections, and databaseConnectionsSpare remain for others.
   */
  databaseConnectionsLeast: 5,
  databaseConnectionsSpare: 11,
  databaseQueue: 1_000,
  databaseConnectMs: 5_000,
  databaseAcquireMs: 1_000,
  databaseQueryMs: 1_800,
  /** Shorter than databaseQueryMs, so that a lock timeout is reported as such and can be retried. */
  databaseLockWaitSeconds: 1,
  transactionTries: 4,
  /** Time to wait while another process prepares the database. */
  prepareLockSeconds: 120,

  /** Connections of sessions revoked elsewhere are closed within this. One statement checks revokedSessionsRows. */
  revokedSessionsMs: 4_000,
  revokedSessionsRows: 500,
  /** Interval of Redis pings. Redis counts as down after redisAnswerMs without an answer. */
  redisPingMs: 1_000,
  redisAnswerMs: 2_000,
  /** Longest pause between attempts to connect to Redis. */
  redisRetryMs: 2_000,
  /** Bytes that wait to be sent to other nodes. More is dropped. */
  busBufferBytes: 8 * 1024 * 1024,
  /** One bus message. The largest event is a twentieth of it. */
  busMessageBytes: 4 * 1024 * 1024,
  /** Interval of log lines about dropped messages, per kind. */
  refusedMessageLogMs: 60_000,
  /** Nodes exchange rate deltas this often, for at most this many buckets. */
  sharedRatesMs: 500,
  sharedRatesRows: 1_000,

  /** Longest line in a backup. Lines of a dump are at most one escaped writer batch. */
  backupLineBytes: 16 * 1024 * 1024,
  /** Largest ratio of unpacked to packed backup, above the floor. Rows with random ids compress to a tenth at best. */
  backupExpansion: 200,
  /** One stored file: an upload, or an image made from it. */
  storedFileBytes: 256 * 1024 * 1024,
  backupExpansionFloorBytes: 64 * 1024 * 1024,

  workers: 64,
  /** After this long the primary kills a worker, so that the database can shut down within drainMs. */
  workerDrainMs: 8_000,
  /** Connections that wait for a free worker. One more is closed. */
  waitingConnections: 1_000,
  /** /metrics omits a worker that does not answer within this. */
  workerMetricsMs: 500,

  concurrentPasswordHashes: 2,
  queuedPasswordHashes: 100,
  /** A separate queue, served first: trusted devices and users who are already signed in. */
  queuedTrustedPasswordHashes: 100,
} as const

/** Allowed attachments: types detected from content, and the file extensions valid for each, the usual one first. */
export const attachmentTypes: Readonly<Record<string, readonly string[]>> = {
  'image/jpeg': ['jpg', 'jpeg'],
  'image/png': ['png'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  'application/pdf': ['pdf'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': ['pptx'],
  'application/vnd.oasis.opendocument.text': ['odt'],
  'application/vnd.oasis.opendocument.spreadsheet': ['ods'],
  'application/vnd.oasis.opendocument.presentation': ['odp'],
  // Also Office documents with a password.
  'application/x-cfb': ['doc', 'xls', 'ppt', 'docx', 'xlsx', 'pptx'],
  'application/rtf': ['rtf', 'doc'],
  'text/plain': ['txt', 'csv', 'log', 'md'],
  'application/zip': ['zip'],
  'application/x-7z-compressed': ['7z'],
  'application/x-rar-compressed': ['rar'],
  'application/gzip': ['gz'],
  'audio/mpeg': ['mp3'],
  'audio/x-m4a': ['m4a'],
  'audio/wav': ['wav'],
  'audio/ogg': ['ogg', 'opus'],
  'audio/amr': ['amr'],
  'video/mp4': ['mp4'],
  'video/quicktime': ['mov'],
  'video/webm': ['webm'],
}
