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
  /** Looks of the launcher, one a page view. */
  widgetLoadsPerAddress: { count: 6_000, windowMs: 60_000 },
  widgetLoadsPerNetwork: { count: 60_000, windowMs: 60_000 },
  /** Tokens presented to continue a session, good or not: each costs a query. */
  resumesPerAddress: { count: 6_000, windowMs: 60_000 },
  resumesPerNetwork: { count: 60_000, windowMs: 60_000 },
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
  loginsAtOncePerAccount: { concurrent: 10 },
  loginsAtOncePerAddress: { concurrent: 10 },
  loginsAtOncePerNetwork: { concurrent: 30 },
  connectionsPerAddress: { count: 300, windowMs: 60_000 },
  httpRequestsPerAddress: { count: 600, windowMs: 60_000 },
  customerUploads: { count: 60, windowMs: 3600_000 },
  agentUploads: { count: 600, windowMs: 3600_000 },
  uploadsPerAddress: { count: 600, windowMs: 3600_000 },
  /** Open connections of one customer, all tabs and devices together, and of one agent. */
  connectionsPerCustomer: { concurrent: 60 },
  connectionsPerAgent: { concurrent: 60 },
  /** Log lines of one kind about refused requests, per node. */
  refusalLines: { count: 60, windowMs: 60_000 },
  /** Closed connections and other violations of one address. Past it, the address begins nothing new. */
  violationsPerAddress: { count: 20, windowMs: 60_000 },
} as const satisfies Record<string, Rate | Slots>

type NamesOf<Kind> = { [K in keyof typeof budgets]: (typeof budgets)[K] extends Kind ? K : never }[keyof typeof budgets]

export type RateName = NamesOf<Rate>
export type SlotName = NamesOf<Slots>
