// IPC messages between the benchmark and a load client, which runs one job at a time.

import type { Handshake } from './connection.ts'
import type { RunResult } from './message-run.ts'

export interface Sender {
  /** Index of its connection. */
  connection: number
  conversationId: number
}

export interface ConnectJob {
  do: 'connect'
  url: string
  handshakes: Handshake[]
  /** Indexes of the connections whose deliveries are counted. */
  receivers: number[]
  senders: Sender[]
}

interface Timed {
  /** Unique per run. */
  tag: string
  warmUpMs: number
  ms: number
  /** Processes whose CPU time is measured. */
  pids: number[]
}

/** Closed loop: every sender keeps `inFlight` messages in flight. */
export interface ClosedJob extends Timed {
  do: 'closed'
  inFlight: number
  /** Limits the number of senders. */
  senders?: number
}

/**
 * Open loop: a fixed rate, regardless of replies. Latency counts from the scheduled time, which avoids coordinated
 * omission.
 */
export interface OpenJob extends Timed {
  do: 'open'
  perSecond: number
}

export type Job = ConnectJob | ClosedJob | OpenJob

export interface Measured extends RunResult {
  /** CPU seconds within the window: of `pids` in order, and of the load client itself. */
  cpu: number[]
  clientCpu: number
}

export type JobReply = { done: Measured | null } | { failed: string }
