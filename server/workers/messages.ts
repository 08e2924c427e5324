// What the primary process and its workers say to each other.

import type { DatabaseAddress } from '#db/connect.ts'

/** Of the bus: channel and message. */
export type Told = [channel: string, message: Buffer]

/** The first thing that a worker is told. */
export interface Start {
  kind: 'start'
  /** No two starts of workers have the same, so that nobody takes a worker for the dead one it replaces. */
  id: number
  /** How many workers there are. */
  count: number
  /** The folder of their sockets. */
  folder: string
  address: DatabaseAddress
  /** Connections to the database that one worker may have. */
  connections: number
  jwtSecrets: string[]
}

/** `connection` comes with a socket from which nothing has been read. */
export type ToWorker =
  | Start
  | { kind: 'connection' }
  | { kind: 'told'; told: Told[] }
  | { kind: 'ready'; ready: number }

/** `took` answers `connection`; a worker that is `leaving` wants no more. */
export type ToPrimary = { kind: 'ready' } | { kind: 'took' } | { kind: 'leaving' } | { kind: 'tell'; told: Told[] }
