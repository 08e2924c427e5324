// Limits that a browser or an API client may know or exceed. Times are milliseconds and lengths are code points unless
// the name or the comment says otherwise.

export const limits = {
  // Messages

  contentLength: 4000,
  /** The last message in lists and conversation events is cut to this. */
  previewLength: 200,
  clientIdLength: 64,
  /** A client repeats typing:set within this time; otherwise typing ends. */
  typingMs: 6_000,
  typingPreviewLength: 500,

  // Conversations

  subjectLength: 200,
  urlLength: 2000,
  pageTitleLength: 200,
  openConversationsPerCustomer: 3,

  // Customers and users

  nameLength: 80,
  emailLength: 254,
  usernameLength: 64,
  passwordMinLength: 8,
  passwordMaxLength: 256,
  /** A BCP 47 language tag (RFC 5646, section 4.4.1). */
  localeLength: 35,
  /** The shop's own id of an identified customer. */
  externalIdLength: 128,

  // Sites

  greetingLength: 300,
  /** #rrggbb */
  colorLength: 7,
  originLength: 300,
  originsPerSite: 20,

  // Sessions and tokens

  /** Any token in a request, in characters. */
  tokenLength: 4_096,
  /** A longer Authorization header counts as absent. */
  credentialsLength: 8_192,
  accessTokenMs: 10 * 60_000,
  refreshSessionMs: 30 * 24 * 3600_000,
  /** Refresh tokens that were replaced stay valid for this long. Most proxies give up a request after half of it. */
  refreshGraceMs: 120_000,
  /** The same for resume tokens. A browser that crashed may have lost its newest one. */
  resumeGraceMs: 3600_000,
  customerSessionMs: 180 * 24 * 3600_000,
  /** Maximum lifetime of an identity token that a shop signs, and the clock skew it may have. */
  identityMs: 10 * 60_000,
  identityClockSkewMs: 30_000,
  /** A site's previous identity secret stays valid for this long after a rotation. */
  formerIdentitySecretMs: 24 * 3600_000,

  // Lists

  /** Rows of one page of messages or conversations: the maximum and the default. */
  pageSize: 100,
  defaultPageSize: 50,
  /** A page stops before its JSON exceeds this; one row always fits. */
  pageBytes: 256 * 1024,
  cursorLength: 200,
  /** Counts above this are shown as "999+". */
  countCap: 999,

  // Requests

  /** One HTTP body or socket payload. The transport accepts twice that, so that the reply can be too_large. */
  requestBytes: 64 * 1024,
  transportBytes: 128 * 1024,
  /** Nesting of a request's JSON; checked before its schema. */
  requestDepth: 8,
  /** Keys of one object, or items of one list, in a request. */
  requestEntries: 100,
  /** Unanswered requests of one connection; the next is answered overloaded. */
  requestsPerConnection: 256,
  /** Every request is answered within this time, with unavailable if the database is slow. */
  responseMs: 1_900,
  /** For the headers of an HTTP request to arrive, and for the whole request. */
  httpHeadersMs: 5_000,
  requestMs: 30_000,

  // Connections

  handshakeMs: 5_000,
  pingIntervalMs: 15_000,
  pingTimeoutMs: 10_000,

  // Uploads

  attachmentBytes: 20 * 1024 * 1024,
  attachmentNameLength: 120,
  /** Files that our own screens accept in one selection. */
  attachmentsPerSelection: 10,
  /** All stored attachments of one customer. */
  customerUploadBytes: 500 * 1024 * 1024,
  /** An attachment that no message references is deleted after this long. */
  orphanedAttachmentMs: 24 * 3600_000,
  /** All headers of one multipart part, and the Content-Type header of the request. */
  partHeaderBytes: 8 * 1024,
  contentTypeLength: 300,
  /** From an upload's first byte to its last; other requests have requestMs. */
  uploadMs: 10 * 60_000,
  /** An upload slower than this, measured over uploadRateMs, is aborted. */
  uploadBytesPerSecond: 4 * 1024,
  uploadRateMs: 10_000,
  /** For the inspection of one upload, and for its wait before that. The sum is less than a client waits. */
  inspectionMs: 20_000,
  inspectionWaitMs: 12_000,

  // Images

  /** Width × height × frames, checked before decoding. Lower for formats that need more memory or time. */
  imagePixels: 50_000_000,
  /** Progressive JPEG, interlaced PNG, GIF. */
  progressivePixels: 16_000_000,
  webpPixels: 8_500_000,
  avifPixels: 6_000_000,
  imageFrames: 500,
} as const
