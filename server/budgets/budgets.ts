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

/** So much at the same time. */
export interface Size {
  bytes: number
}

/** At least so many bytes in each perMs. */
export interface Speed {
  bytes: number
  perMs: number
}

export const budgets = {
  customerMessages: { count: 20, windowMs: 10_000 },
  agentMessages: { count: 100, windowMs: 10_000 },
  /** All other requests of one connection. */
  connectionRequests: { count: 200, windowMs: 10_000 },
  sessionsPerAddress: { count: 30, windowMs: 60_000 },
  loginFailures: { count: 10, windowMs: 15 * 60_000 },
  connectionsPerAddress: { count: 300, windowMs: 60_000 },
  /** HTTP calls without a valid access token. Those with one count for their customer or agent, never for the address. */
  httpRequestsPerAddress: { count: 600, windowMs: 60_000 },
  httpRequestsPerCustomer: { count: 600, windowMs: 60_000 },
  httpRequestsPerAgent: { count: 1_200, windowMs: 60_000 },
  /** Calls that continue or end a session: 500 customers with ten tabs each may come back at the same moment. */
  continuationsPerAddress: { count: 6_000, windowMs: 60_000 },
  /** Pages, their files and what the loader asks: ten for each of 5,000 tabs in a burst, then 100 a second. */
  pageRequestsPerAddress: { count: 60_000, windowMs: 600_000 },
  /** /healthz, /readyz and /metrics. */
  probesPerAddress: { count: 6_000, windowMs: 60_000 },
  /** HTTP requests refused for their rate. Past it each ends its connection and is a violation of its address. */
  refusalsPerAddress: { count: 600, windowMs: 60_000 },
  metricsGuessesPerAddress: { count: 10, windowMs: 15 * 60_000 },
  /** HTTP requests of one connection that wait for the one before; one more ends the connection. */
  pipelinedRequests: { concurrent: 16 },
  /** Bytes of HTTP answers that wait to be read, of one address and in all. Past it those that waited longest are cut off. */
  unreadBytesPerAddress: { bytes: 16 * 1024 * 1024 },
  unreadBytes: { bytes: 64 * 1024 * 1024 },
  /** A caller that reads its HTTP answer more slowly is cut off. */
  slowestReader: { bytes: 10 * 1024, perMs: 10_000 },
  customerUploads: { count: 60, windowMs: 3600_000 },
  agentUploads: { count: 600, windowMs: 3600_000 },
  uploadsPerAddress: { count: 600, windowMs: 3600_000 },
  /** Open connections of one customer, all tabs and devices together, and of one agent. */
  connectionsPerCustomer: { concurrent: 60 },
  connectionsPerAgent: { concurrent: 60 },
  /** Log lines of one kind about refused requests, per node, and of one kind that one user or address causes. */
  refusalLines: { count: 300, windowMs: 60_000 },
  linesPerActor: { count: 10, windowMs: 60_000 },
  /** Log lines about failed requests with one error on one route, per node. */
  failureLines: { count: 20, windowMs: 60_000 },
  /** Closed connections and other violations of one address. Past it, the address begins nothing new. */
  violationsPerAddress: { count: 20, windowMs: 60_000 },
} as const satisfies Record<string, Rate | Slots | Size | Speed>

type NamesOf<Kind> = { [K in keyof typeof budgets]: (typeof budgets)[K] extends Kind ? K : never }[keyof typeof budgets]

export type RateName = NamesOf<Rate>
export type SlotName = NamesOf<Slots>

/** What ADDRESS_LIMITS raises, for many people behind one address. Guesses and violations stay as they are. */
export const isRaised = (name: string): boolean =>
  name.endsWith('PerAddress') && !/^(metricsGuesses|violations)/.test(name)
