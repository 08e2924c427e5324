// Every number that a person or a program can see or exceed, each named once. Times are milliseconds unless the name says otherwise.

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
  /** Rows of one page of messages or conversations, and what a page holds when nobody asks. */
  pageSize: 100,
  defaultPageSize: 50,
  /** Counts above this are shown as "999+". */
  countCap: 999,
  /** A request of an application, socket or HTTP, in bytes; the transport allows twice that, so that too_large is an answer. */
  requestBytes: 64 * 1024,
  transportBytes: 128 * 1024,
  /** JSON deeper than this is refused before any schema sees it. */
  requestDepth: 8,
  /** Keys of one object, or items of one list, in a request. */
  requestEntries: 100,
  /** Code points of the last message that lists and conversation events carry. */
  previewLength: 200,
  openConversationsPerCustomer: 3,
  /** Of a customer who is blocked or unblocked so many closed conversations are published, the newest ones. */
  publishedClosed: 100,
  /** Conversations in which nobody has written are removed after this long. */
  emptyConversationMs: 24 * 3600_000,

  attachmentBytes: 20 * 1024 * 1024,
  attachmentNameLength: 120,
  /** UTF-16 units of a name as it came; of a longer one both ends are kept. */
  receivedNameLength: 1024,
  /** All headers of one part of a form, and the Content-Type header of the form itself. */
  partHeaderBytes: 8 * 1024,
  contentTypeLength: 300,
  /** Files that our own screens send with one press. */
  attachmentsPerSend: 10,
  /** Width times height, of an animation times its frames; looked at before anything is decoded. Less for what takes more memory or time. */
  imagePixels: 50_000_000,
  /** Progressive JPEG, interlaced PNG, GIF. */
  progressivePixels: 16_000_000,
  webpPixels: 8_500_000,
  avifPixels: 6_000_000,
  /** A photo that has to be rotated is halved above this. */
  rotatedPixels: 25_000_000,
  imageFrames: 500,
  /** The longer side of a thumbnail. */
  thumbnailPixels: 480,
  /** Inspecting one upload takes no longer, and neither does waiting for it: together less than a client waits. */
  inspectionMs: 20_000,
  inspectionWaitMs: 12_000,
  /** An inspector process with more memory ends itself; one that kept more than this after an image is replaced. */
  inspectorMemoryBytes: 600 * 1024 * 1024,
  inspectorMemoryCheckMs: 50,
  inspectorKeptBytes: 160 * 1024 * 1024,
  /** Of what has no signature, so many bytes say whether it is text. */
  textCheckBytes: 64 * 1024,
  /** An upload that comes slower for uploadRateMs is given up. */
  uploadBytesPerSecond: 4 * 1024,
  uploadRateMs: 10_000,
  /** From the first byte of an upload to its last; every other request has requestMs. */
  uploadMs: 10 * 60_000,
  requestMs: 30_000,
  /** Nothing is taken in where less is left on the disk: the database may need it. */
  freeDiskBytes: 1024 * 1024 * 1024,
  /** The log warns when the embedded database's disk has less left, looked at this often. */
  lowDiskBytes: 512 * 1024 * 1024,
  diskWatchMs: 10_000,
  /** While an upload comes, the disk is looked at again after so many bytes. */
  diskCheckBytes: 4 * 1024 * 1024,
  /** All that one customer may have in store. */
  customerUploadBytes: 500 * 1024 * 1024,
  /** Attachments that no message has brought are removed after this long; what remains of a cut upload after an hour. */
  orphanedAttachmentMs: 24 * 3600_000,
  abortedUploadMs: 3600_000,
  /** What is left of a body that was refused is read for so long, so that the answer is heard. */
  refusedBodyMs: 2_000,
  /** An inspector process ends when there has been nothing to inspect for so long. */
  inspectorIdleMs: 60_000,

  /** Requests of one connection that wait for an answer; one more is answered overloaded. */
  requestsPerConnection: 256,
  /** Sends that wait for the writer on this node; one more is answered overloaded. */
  writerQueue: 10_000,
  writerBatchRows: 200,
  writerBatchBytes: 1024 * 1024,
  /** Batches written at once: while one is at the disk the other is at the processor. So many rows do not wait for more, nor for the first to be done. */
  concurrentBatches: 2,
  fullBatchRows: 16,
  /** Conversations whose state a node remembers, and for how long it goes by that: less than absentAgentMs, in which an agent can go away for good. */
  cachedConversations: 20_000,
  cachedConversationMs: 4 * 60_000,
  /** The database refuses what was written at a time further from its own. */
  clockToleranceMs: 1_000,
  /** Each node compares what it has told with what changed in the database this often. */
  reconcileMs: 5_000,
  /** A change may commit this long after the time it carries. */
  reconcileOverlapMs: 10_000,
  /** Changed conversations that one round of the comparison reads; more wait for the next. */
  reconcileRows: 5_000,
  /** A conversation's updatedAt moves at most this often by messages alone, and so does when it changed, which the comparison goes by. */
  timestampResolutionMs: 1_000,
  /** Conversations whose told version a node remembers; of others it tells once too often. */
  publishedVersions: 50_000,
  /** A request is answered within this time, with unavailable if need be, whatever the database does. */
  responseMs: 1_900,
  responseSweepMs: 50,
  /** A page ends before its JSON is longer than this, however many rows were asked for; one row always fits. */
  pageBytes: 256 * 1024,
  /** Every connection's unread bytes are measured this often; those that wait for room to read a page, more often. */
  slowConsumerSweepMs: 250,
  pageRoomSweepMs: 50,
  /** A connection of which the client has read nothing for so long, though much waits, is ended. */
  stalledMs: 30_000,
  /** A client that was asked to close its connection, or told why it ends, has this long. */
  closingMs: 3_000,
  floodClosingMs: 500,
  /** An event loop that stood still longer than this within eventLoopWatchMs makes the process not ready. */
  eventLoopStallMs: 2_000,
  /** Answers that ask the database and need no token are kept for so long, and of so many sites. */
  publicCacheMs: 500,
  publicCacheSites: 1_000,
  /** Site keys that one statement looks up. */
  publicCacheRows: 100,
  /** With less left on the disk of DATA_DIR the process is not ready; looked at this often at most. */
  readyDiskBytes: 64 * 1024 * 1024,
  diskCheckMs: 2_000,
  /** Whether HTTP answers are read is checked this often. */
  readingSweepMs: 250,
  /** An Authorization header that is longer counts as none. */
  credentialsLength: 8_192,
  eventLoopWatchMs: 5_000,
  /** Garbage is collected when this much memory has come together, and the event loop was busy for at most this share of the time between: 5,000 idle connections take an eighth of a slow core. */
  idleGcBytes: 32 * 1024 * 1024,
  idleGcUtilization: 0.2,
  idleGcIntervalMs: 10_000,
  /** Rows of messages that one receipt statement marks as read. */
  receiptRows: 500,

  accessTokenMs: 10 * 60_000,
  refreshSessionMs: 30 * 24 * 3600_000,
  /** A browser in which somebody has logged in is remembered for this long: the longest that browsers keep a cookie. */
  trustedDeviceMs: 400 * 24 * 3600_000,
  userAgentLength: 200,
  /** The refresh token before the current one still gets the same successor for this long. */
  refreshGraceMs: 30_000,
  /** An identity that a shop signs ends within this time; its clock may differ from ours by so much. */
  identityMs: 10 * 60_000,
  identityClockSkewMs: 30_000,
  /** What a shop calls a customer. */
  externalIdLength: 128,
  /** A site's former identity secret is good for this long after a new one was made. */
  formerIdentitySecretMs: 24 * 3600_000,
  customerSessionMs: 180 * 24 * 3600_000,
  /** Customers who never wrote are removed after this long. */
  abandonedCustomerMs: 24 * 3600_000,
  /** Sessions or customers that one statement of the upkeep removes. */
  housekeepingRows: 500,

  /** Between the last disconnect of an agent and being told offline. */
  presenceGraceMs: 10_000,
  /** A node that has not renewed its lease for this long is gone. */
  nodeLeaseMs: 8_000,
  nodeLeaseRenewMs: 2_000,
  /** A customer's message to an agent who has been offline this long goes back to the queue. */
  absentAgentMs: 5 * 60_000,
  /** Subscribed clients are told the heads of their conversations this often. */
  headsMs: 8_000,
  /** Conversations whose heads one statement reads. */
  headsRows: 500,
  /** Agents get at most four updates a second of one conversation, read so many a statement. */
  conversationUpdateMs: 250,
  /** While very many change, up to this long between two, so that lists take no more than a fiftieth of the time that messages need. */
  conversationUpdateMostMs: 2_000,
  publishPageSize: 100,
  /** Who is typing says so again within this time, or has stopped. */
  typingMs: 6_000,
  typingPreviewLength: 500,

  handshakeMs: 5_000,
  /** For the headers of an HTTP request to arrive. */
  httpHeadersMs: 5_000,
  /** A connection outlives its token by no more than this. */
  expirySweepMs: 1_000,
  pingIntervalMs: 15_000,
  pingTimeoutMs: 10_000,
  /** A stop finishes what is in flight within this time. */
  drainMs: 10_000,
  /** Of that, for the last answers to leave. */
  flushMs: 3_000,

  databaseConnections: 10,
  /** Of their own, for what is written in one trip. */
  pipelineConnections: 2,
  /** Workers share what the database's server allows: besides pipelineConnections at most databaseConnections each, at least these, and some are left to others. */
  databaseConnectionsLeast: 5,
  databaseConnectionsSpare: 11,
  databaseQueue: 1_000,
  databaseConnectMs: 5_000,
  databaseAcquireMs: 1_000,
  databaseQueryMs: 1_800,
  /** Shorter than a statement may take, so that who waited too long is told so and can try again in time. */
  databaseLockWaitSeconds: 1,
  transactionTries: 4,
  /** A process waits this long while another prepares the database. */
  prepareLockSeconds: 120,

  /** Connections whose session or user was ended elsewhere are ended within this, and looked up so many a statement. */
  revokedSessionsMs: 4_000,
  revokedSessionsRows: 500,
  /** Redis is asked this often whether it is there, and is away when it has not answered for so long. */
  redisPingMs: 1_000,
  redisAnswerMs: 2_000,
  /** The longest pause between two tries to reach Redis. */
  redisRetryMs: 2_000,
  /** What may wait to leave for other nodes; more is not passed on. */
  busBufferBytes: 8 * 1024 * 1024,
  /** One message of another node; the largest event is a twentieth of it. */
  busMessageBytes: 4 * 1024 * 1024,
  /** Dropped messages of one kind are logged at most this often. */
  refusedMessageLogMs: 60_000,
  /** Nodes tell each other this often what was counted against rates, and of so many callers. */
  sharedRatesMs: 500,
  sharedRatesRows: 1_000,

  /** The longest line of a backup's content; a dump's are at most a batch of the writer, escaped. */
  backupLineBytes: 16 * 1024 * 1024,
  /** A backup may unpack to so many times its size, and in any case to the floor: rows with random ids pack to a tenth at best. */
  backupExpansion: 200,
  /** A stored file: an upload, or what an image became. */
  storedFileBytes: 256 * 1024 * 1024,
  backupExpansionFloorBytes: 64 * 1024 * 1024,

  workers: 64,
  /** The primary kills a worker that has not stopped by then, so that the database stops in order within drainMs. */
  workerDrainMs: 8_000,
  /** Connections that wait for a free worker; one more is closed. */
  waitingConnections: 1_000,
  /** The figures of a worker that does not answer within this are missing at /metrics. */
  workerMetricsMs: 500,

  concurrentPasswordHashes: 2,
  queuedPasswordHashes: 100,
  /** Places of their own, served first: trusted devices, and people who are signed in already. */
  queuedTrustedPasswordHashes: 100,
} as const

/** What may be attached: types, told by content, and the name endings that fit each, the usual one first. */
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
  // Also what Office makes of a document with a password.
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
