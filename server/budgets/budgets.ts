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

/** So many bytes at the same time. */
export interface Bytes {
  bytes: number
}

export const budgets = {
  customerMessages: { count: 20, windowMs: 10_000 },
  agentMessages: { count: 100, windowMs: 10_000 },
  /** All other requests of one connection. */
  connectionRequests: { count: 200, windowMs: 10_000 },
  sessionsPerAddress: { count: 30, windowMs: 60_000 },
  loginFailures: { count: 10, windowMs: 15 * 60_000 },
  connectionsPerAddress: { count: 300, windowMs: 60_000 },
  httpRequestsPerAddress: { count: 600, windowMs: 60_000 },
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
  connectionsPerAgent: { concurrent: 60 },
  /** Log lines of one kind about refused requests, per node. */
  refusalLines: { count: 60, windowMs: 60_000 },
  /** Closed connections and other violations of one address. Past it, the address begins nothing new. */
  violationsPerAddress: { count: 20, windowMs: 60_000 },
} as const satisfies Record<string, Rate | Slots | Bytes>

type NamesOf<Kind> = { [K in keyof typeof budgets]: (typeof budgets)[K] extends Kind ? K : never }[keyof typeof budgets]

export type RateName = NamesOf<Rate>
export type SlotName = NamesOf<Slots>
