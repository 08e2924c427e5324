// What the benchmark asks of a load client, and what it answers: one job at a time, over the channel of the process.

import type { Handshake } from './connection.ts'
import type { RunResult } from './message-run.ts'

export interface Sender {
  /** Which of the connections. */
  connection: number
  conversationId: number
}

export interface ConnectJob {
  do: 'connect'
  url: string
  handshakes: Handshake[]
  /** Connections on which deliveries count. */
  receivers: number[]
  senders: Sender[]
}

interface Timed {
  /** Unlike that of every run before. */
  tag: string
  warmUpMs: number
  ms: number
  /** Processes whose CPU time is wanted. */
  pids: number[]
}

/** Every sender keeps so many messages in flight. */
export interface ClosedJob extends Timed {
  do: 'closed'
  inFlight: number
  /** Only so many of the senders. */
  senders?: number
}

/** Messages go out at a fixed rate, whatever comes back: the time of each counts from when it was meant to go out. */
export interface OpenJob extends Timed {
  do: 'open'
  perSecond: number
}

export type Job = ConnectJob | ClosedJob | OpenJob

export interface Measured extends RunResult {
  /** CPU seconds within the window: of the asked processes in their order, and of the load client itself. */
  cpu: number[]
  clientCpu: number
}

export type JobReply = { done: Measured | null } | { failed: string }
