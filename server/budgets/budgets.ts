// Every budget: what one connection, customer or address may consume, and what this node may hold for all of them. Nothing else in the
// server bounds a caller. docs/SECURITY.md says what happens to a caller that goes over each.

/** So many in a burst, then one every windowMs / count. */
export interface Rate {
  count: number
  windowMs: number
}

/** So many at the same time. */
export interface Slots {
  concurrent: number
}

/** So much in one place, or, with perMs, within that time. */
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
  /** Sessions that begin. One that a good token continues counts against its customer alone. A network is a /48: ten addresses' worth. */
  sessionsPerAddress: { count: 30, windowMs: 60_000 },
  sessionsPerNetwork: { count: 300, windowMs: 60_000 },
  /** Sessions that a customer continues, in all tabs together. */
  sessionsPerCustomer: { count: 300, windowMs: 60_000 },
  /** What a customer does to conversations, and changes of name, email or identity, which agents see in each. */
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
  /** Passwords that wait to be verified: for one account or of one trusted device, and from where no device is trusted. */
  pendingLoginsPerAccount: { concurrent: 10 },
  pendingLoginsPerAddress: { concurrent: 10 },
  pendingLoginsPerNetwork: { concurrent: 30 },
  /** Handshakes without a valid token that never became a connection. Those that did are given back. */
  handshakesPerAddress: { count: 3_000, windowMs: 60_000 },
  /** Connections of one customer or agent that begin, all tabs and devices together. */
  handshakesPerUser: { count: 600, windowMs: 60_000 },
  /** Handshakes without a valid token on this node, of all addresses. */
  handshakes: { count: 10_000, windowMs: 10_000 },
  /** Handshakes that have not become a connection yet. */
  pendingHandshakesPerAddress: { concurrent: 2_000 },
  pendingHandshakesPerUser: { concurrent: 100 },
  pendingHandshakes: { concurrent: 4_000 },
  /** The same of an address that used up its violations or handshakes: one more ends the oldest. */
  pendingHandshakesOfViolator: { concurrent: 200 },
  handshakesOfViolator: { count: 300, windowMs: 1_000 },
  /** Packets of any kind that one connection sends outside the request fast path, and of these the ones that carry nothing. */
  connectionPackets: { count: 1_000, windowMs: 10_000 },
  controlFrames: { count: 60, windowMs: 10_000 },
  /** Requests of one connection that were answered rate_limited; a client that goes on is disconnected. */
  refusedRequests: { count: 400, windowMs: 10_000 },
  /** Times that one transport connection joins Socket.IO's namespace: a client may leave and come again. */
  connectsPerConnection: { count: 20, windowMs: 60_000 },
  /** What one WebSocket sends: more than connectionRequests of the largest size. */
  connectionBytes: { bytes: 16 * 1024 * 1024, perMs: 10_000 },
  /** Packets in the body of one polling request. */
  postPackets: { packets: 300 },
  /** Fragments of one WebSocket message, and chunks of the network that it comes in. */
  messageFragments: { packets: 4_096 },
  /** What may wait to be sent on one connection, in all layers together; past it the client is too slow. */
  unreadBytesPerConnection: { bytes: 1024 * 1024 },
  /** The same for one TCP connection of plain HTTP, where a file of a page may wait as a whole. */
  unreadBytesPerHttpConnection: { bytes: 2 * 1024 * 1024 },
  /** While more than this waits, a connection's next request that reads a page is not started. */
  unreadBytesBeforePage: { bytes: 128 * 1024 },
  /** HTTP calls without a valid access token. Those with one count for their customer or agent, never for the address. */
  httpRequestsPerAddress: { count: 600, windowMs: 60_000 },
  httpRequestsPerCustomer: { count: 600, windowMs: 60_000 },
  httpRequestsPerAgent: { count: 1_200, windowMs: 60_000 },
  /** Calls that continue or end a session: 500 customers with ten tabs each may come back at the same moment. */
  continuationsPerAddress: { count: 6_000, windowMs: 60_000 },
  continuationsPerNetwork: { count: 60_000, windowMs: 60_000 },
  /** Pages, their files and what the loader asks: ten for each of 5,000 tabs in a burst, then 100 a second. */
  pageRequestsPerAddress: { count: 60_000, windowMs: 600_000 },
  /** /healthz, /readyz and /metrics. */
  probesPerAddress: { count: 6_000, windowMs: 60_000 },
  /** HTTP requests refused for their rate. Past it each ends its connection and is a violation of its address. */
  refusalsPerAddress: { count: 600, windowMs: 60_000 },
  metricsGuessesPerAddress: { count: 10, windowMs: 15 * 60_000 },
  /** Requests of one TCP connection that wait for the one before, Socket.IO's polling included; one more ends the connection. */
  pipelinedRequests: { concurrent: 16 },
  /** Bytes of HTTP answers that wait to be read, of one address and in all. Past it those that waited longest are cut off. */
  unreadBytesPerAddress: { bytes: 16 * 1024 * 1024 },
  unreadBytes: { bytes: 64 * 1024 * 1024 },
  /** A caller that reads its HTTP answer more slowly is cut off. */
  slowestReader: { bytes: 10 * 1024, perMs: 10_000 },
  customerUploads: { count: 60, windowMs: 3600_000 },
  agentUploads: { count: 600, windowMs: 3600_000 },
  uploadsPerAddress: { count: 600, windowMs: 3600_000 },
  /** Uploads under way: of one person, and of all customers of one address. */
  uploadSlotsPerPerson: { concurrent: 4 },
  uploadSlotsPerAddress: { concurrent: 10 },
  /** Bodies of uploads that this node receives. Agents have slots of their own, which customers cannot hold. */
  customerUploadSlots: { concurrent: 40 },
  agentUploadSlots: { concurrent: 20 },
  /** Uploads that wait for one inspector process of this node, and how many of them may be customers'. */
  inspectionsWaiting: { concurrent: 60 },
  customerInspectionsWaiting: { concurrent: 40 },
  /** Milliseconds of processor time that inspecting images may take. */
  inspectionMsPerCustomer: { count: 60_000, windowMs: 10 * 60_000 },
  inspectionMsPerAddress: { count: 120_000, windowMs: 10 * 60_000 },
  /** Uploads on this node's disk that are not stored yet. */
  stagedBytes: { bytes: 1024 * 1024 * 1024 },
  /** Bytes of text that customers send. An address may be a whole office. */
  messageBytesPerCustomer: { count: 1024 * 1024, windowMs: 10 * 60_000 },
  messageBytesPerAddress: { count: 8 * 1024 * 1024, windowMs: 10 * 60_000 },
  /** Open connections of one customer, all tabs and devices together, and of one agent. */
  connectionsPerCustomer: { concurrent: 60 },
  connectionsPerAgent: { concurrent: 120 },
  /** Open connections of one address, which may be an office, and of this node. */
  connectionsPerAddress: { concurrent: 10_000 },
  connections: { concurrent: 40_000 },
  /** Of one customer or agent, who then opens no connection for a while. */
  violationsPerUser: { count: 20, windowMs: 60_000 },
  /** Log lines of one kind about refused requests, per node, and of one kind that one user or address causes. */
  refusalLogLines: { count: 300, windowMs: 60_000 },
  logLinesPerActor: { count: 10, windowMs: 60_000 },
  /** Log lines about failed requests with one error on one route, per node. */
  failureLogLines: { count: 20, windowMs: 60_000 },
  /** Closed connections and other violations of one address. Past it, the address begins nothing new. */
  violationsPerAddress: { count: 20, windowMs: 60_000 },
} as const satisfies Record<string, Rate | Slots | Amount>

type NamesOf<Kind> = { [K in keyof typeof budgets]: (typeof budgets)[K] extends Kind ? K : never }[keyof typeof budgets]

export type RateName = NamesOf<Rate>
export type SlotName = NamesOf<Slots>

/** What ADDRESS_LIMITS raises, for many people behind one address. Guesses and violations stay as they are. */
export const isScaledByAddressLimits = (name: string): boolean =>
  name.endsWith('PerAddress') && !/^(metricsGuesses|violations)/.test(name)
