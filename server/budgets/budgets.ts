// Every budget: what one connection, customer or address may consume, and what this node holds for all of them. Nothing
// else in the server limits a caller. docs/SECURITY.md describes the effect of exceeding each.

/** A burst of `count`, then one every windowMs / count. */
export interface Rate {
  count: number
  windowMs: number
}

/** Most at the same time. */
export interface Slots {
  concurrent: number
}

/** Most in one buffer, or with perMs, within that time. */
export interface Amount {
  bytes?: number
  packets?: number
  perMs?: number
}

export const budgets = {
  customerMessages: { count: 20, windowMs: 10_000 },
  agentMessages: { count: 100, windowMs: 10_000 },
  /** All other requests of one connection. */
  connectionRequests: { count: 200, windowMs: 10_000 },
  /** New sessions. A session continued by a valid token counts only against its customer. A network is a /48. */
  sessionsPerAddress: { count: 30, windowMs: 60_000 },
  sessionsPerNetwork: { count: 300, windowMs: 60_000 },
  /** Sessions that a customer continues, over all tabs. */
  sessionsPerCustomer: { count: 300, windowMs: 60_000 },
  /** A customer's changes of conversations, and of name, email or identity, which agents see in every conversation. */
  conversationStarts: { count: 20, windowMs: 10 * 60_000 },
  conversationStartsPerAddress: { count: 600, windowMs: 10 * 60_000 },
  conversationStartsPerNetwork: { count: 6_000, windowMs: 10 * 60_000 },
  conversationReopens: { count: 20, windowMs: 10 * 60_000 },
  conversationReopensPerAddress: { count: 600, windowMs: 10 * 60_000 },
  conversationReopensPerNetwork: { count: 6_000, windowMs: 10 * 60_000 },
  conversationCloses: { count: 20, windowMs: 10 * 60_000 },
  conversationClosesPerAddress: { count: 600, windowMs: 10 * 60_000 },
  conversationClosesPerNetwork: { count: 6_000, windowMs: 10 * 60_000 },
  renames: { count: 10, windowMs: 10 * 60_000 },
  renamesPerAddress: { count: 600, windowMs: 10 * 60_000 },
  renamesPerNetwork: { count: 6_000, windowMs: 10 * 60_000 },
  /** Wrong passwords for one account, of one trusted device, and from one address. */
  loginFailures: { count: 10, windowMs: 15 * 60_000 },
  loginFailuresPerNetwork: { count: 100, windowMs: 15 * 60_000 },
  /** Passwords waiting for verification: per account or trusted device, and per address or network without one. */
  pendingLoginsPerAccount: { concurrent: 10 },
  pendingLoginsPerAddress: { concurrent: 10 },
  pendingLoginsPerNetwork: { concurrent: 30 },
  /** Handshakes without a valid token. A handshake that becomes a connection is refunded. */
  handshakesPerAddress: { count: 1_000, windowMs: 60_000 },
  /** New connections of one customer or agent, over all tabs and devices. */
  handshakesPerUser: { count: 600, windowMs: 60_000 },
  /** Handshakes without a valid token on this node, over all addresses. */
  handshakes: { count: 600, windowMs: 2_000 },
  /** Handshakes that have not become a connection yet. */
  pendingHandshakesPerAddress: { concurrent: 300 },
  pendingHandshakesPerUser: { concurrent: 100 },
  pendingHandshakes: { concurrent: 2_000 },
  /** The same for an address that exhausted its violations or handshakes: one more ends the oldest. */
  pendingHandshakesOfViolator: { concurrent: 200 },
  handshakesOfViolator: { count: 300, windowMs: 1_000 },
  /** Polling requests of sessions that do not exist: after a restart each tab sends one. */
  unknownSessionsPerAddress: { count: 6_000, windowMs: 60_000 },
  /** Packets of one connection outside the request fast path, and those of them without a payload. */
  connectionPackets: { count: 1_000, windowMs: 10_000 },
  controlFrames: { count: 60, windowMs: 10_000 },
  /** Requests of one connection answered rate_limited. Past it the client is disconnected. */
  refusedRequests: { count: 400, windowMs: 10_000 },
  /** Namespace joins of one transport connection: a client may leave and rejoin. */
  connectsPerConnection: { count: 20, windowMs: 60_000 },
  /** Bytes that one connection sends, counted before anything parses them. An agent's 100 messages are 1.6 MB. */
  connectionBytes: { count: 2 * 1024 * 1024, windowMs: 10_000 },
  /** The same before the client has connected with a valid token. */
  pendingConnectionBytes: { count: 64 * 1024, windowMs: 10_000 },
  /** Packets in the body of one polling request. */
  postPackets: { packets: 300 },
  /** Fragments of one WebSocket message, and network chunks of one message. */
  messageFragments: { packets: 512 },
  /** Bytes that wait to be sent on one connection, over all layers. Past it the client is a slow consumer. */
  unreadBytesPerConnection: { bytes: 1024 * 1024 },
  /** While more than this waits, the connection's next request for a page is deferred. */
  unreadBytesBeforePage: { bytes: 128 * 1024 },
  /** HTTP calls without a valid access token. With one, a call counts only for its customer or agent. */
  httpRequestsPerAddress: { count: 600, windowMs: 60_000 },
  httpRequestsPerCustomer: { count: 600, windowMs: 60_000 },
  httpRequestsPerAgent: { count: 1_200, windowMs: 60_000 },
  /** Calls that continue or end a session: 500 customers with ten tabs each may return at the same moment. */
  continuationsPerAddress: { count: 6_000, windowMs: 60_000 },
  continuationsPerNetwork: { count: 60_000, windowMs: 60_000 },
  /** Pages, their files and the loader's calls: ten for each of 5,000 tabs in a burst, then 100 per second. */
  pageRequestsPerAddress: { count: 60_000, windowMs: 600_000 },
  /** /healthz, /readyz and /metrics. */
  probesPerAddress: { count: 6_000, windowMs: 60_000 },
  /** HTTP requests answered rate_limited. Past it each closes its connection and is a violation of its address. */
  refusalsPerAddress: { count: 600, windowMs: 60_000 },
  metricsGuessesPerAddress: { count: 10, windowMs: 15 * 60_000 },
  /**
   * Requests of one TCP connection that wait for an earlier one, Socket.IO's polling included. One more closes the
   * connection.
   */
  pipelinedRequests: { concurrent: 16 },
  /** Connections that serve no request, WebSockets not among them. One more closes the one that is idle longest. */
  idleConnectionsPerAddress: { concurrent: 4_000 },
  idleConnections: { concurrent: 12_000 },
  /** New connections of addresses with too many violations are served in turn, at this rate for all of them. */
  connectionsOfViolators: { count: 200, windowMs: 1_000 },
  /** Those that wait for their turn. One more is closed. */
  waitingConnectionsOfViolator: { concurrent: 256 },
  waitingConnectionsOfViolators: { concurrent: 4_096 },
  /** Chunks of one request's body, and one more for each `bytes`. */
  bodyChunks: { packets: 1_000, bytes: 256 },
  /** Pages that one person reads at the same time, over sockets and HTTP, and those that wait for their turn. */
  pageReadsPerPerson: { concurrent: 4 },
  waitingPageReadsPerPerson: { concurrent: 120 },
  /**
   * Bytes of HTTP responses that wait to be read, per address and in total. Past it the longest waiting connections are
   * closed.
   */
  unreadBytesPerAddress: { bytes: 16 * 1024 * 1024 },
  unreadBytes: { bytes: 64 * 1024 * 1024 },
  /** Minimum rate at which an HTTP response must be read. */
  slowestReader: { bytes: 10 * 1024, perMs: 10_000 },
  customerUploads: { count: 60, windowMs: 3600_000 },
  agentUploads: { count: 600, windowMs: 3600_000 },
  uploadsPerAddress: { count: 600, windowMs: 3600_000 },
  /** Uploads in flight: of one person, and of all customers of one address. */
  uploadSlotsPerPerson: { concurrent: 4 },
  uploadSlotsPerAddress: { concurrent: 10 },
  /** Upload bodies that this node receives. Agents have separate slots, which customers cannot occupy. */
  customerUploadSlots: { concurrent: 40 },
  agentUploadSlots: { concurrent: 20 },
  /** Uploads waiting for one upload inspector of this node, and the customers' share of them. */
  inspectionsWaiting: { concurrent: 60 },
  customerInspectionsWaiting: { concurrent: 40 },
  /** Processor milliseconds spent on inspecting images. */
  inspectionMsPerCustomer: { count: 60_000, windowMs: 10 * 60_000 },
  inspectionMsPerAddress: { count: 120_000, windowMs: 10 * 60_000 },
  /** Staged uploads on this node's disk that are not stored yet. */
  stagedBytes: { bytes: 1024 * 1024 * 1024 },
  /** Bytes of text from customers. An address may be a whole office. */
  messageBytesPerCustomer: { count: 1024 * 1024, windowMs: 10 * 60_000 },
  messageBytesPerAddress: { count: 8 * 1024 * 1024, windowMs: 10 * 60_000 },
  /** Open connections of one customer or one agent, over all tabs and devices. */
  connectionsPerCustomer: { concurrent: 60 },
  connectionsPerAgent: { concurrent: 120 },
  /** Open connections of one address, which may be an office, and of this node. */
  connectionsPerAddress: { concurrent: 10_000 },
  connections: { concurrent: 40_000 },
  /** Violations of one customer or agent. Past it new connections are refused for a while. */
  violationsPerUser: { count: 20, windowMs: 60_000 },
  /** Log lines about refused requests: per kind and node, and per kind and user or address. */
  refusalLogLines: { count: 300, windowMs: 60_000 },
  logLinesPerActor: { count: 10, windowMs: 60_000 },
  /** Log lines about failed requests, per error, route and node. */
  failureLogLines: { count: 20, windowMs: 60_000 },
  /** Closed connections and other violations of one address. Past it the address may start nothing new. */
  violationsPerAddress: { count: 20, windowMs: 60_000 },
} as const satisfies Record<string, Rate | Slots | Amount>

type NamesOf<Kind> = { [K in keyof typeof budgets]: (typeof budgets)[K] extends Kind ? K : never }[keyof typeof budgets]

export type RateName = NamesOf<Rate>
export type SlotName = NamesOf<Slots>

/**
 * Whether ADDRESS_LIMITS multiplies this budget, for many people behind one address. Guesses and violations stay
 * unscaled.
 */
export const isScaledByAddressLimits = (name: string): boolean =>
  name.endsWith('PerAddress') && !/^(metricsGuesses|violations)/.test(name)
