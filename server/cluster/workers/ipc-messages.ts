// What the primary process and its workers say to each other.

import type { DatabaseAddress } from '#db/core/connect.ts'
import { serverLimits } from '#protocol/limits/server.ts'

/** Of the bus: channel and message. */
export type PublishedState = [channel: string, message: Buffer]

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
  | { kind: 'told'; told: PublishedState[] }
  | { kind: 'ready'; ready: number }

/** `took` answers `connection`; a worker that is `leaving` wants no more. */
export type ToPrimary =
  | { kind: 'ready' }
  | { kind: 'took' }
  | { kind: 'leaving' }
  | { kind: 'tell'; told: PublishedState[] }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isNumber = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isTold = (value: unknown): value is PublishedState =>
  Array.isArray(value) &&
  typeof value[0] === 'string' &&
  value[0].length <= 200 &&
  value[1] instanceof Uint8Array &&
  value[1].length <= serverLimits.busMessageBytes

/** What a worker says, or null for what none says. Of what it tells the others, whatever is malformed is left out. */
export function asToPrimary(value: unknown): ToPrimary | null {
  if (!isRecord(value)) return null
  const { kind, told } = value
  if (kind === 'ready' || kind === 'took' || kind === 'leaving') return { kind }
  return kind === 'tell' && Array.isArray(told) ? { kind, told: told.filter(isTold) } : null
}

/** What the primary says, or null for what it never says. */
export function asToWorker(value: unknown): ToWorker | null {
  if (!isRecord(value)) return null
  const { kind, told, ready } = value
  if (kind === 'connection') return { kind }
  if (kind === 'told') return Array.isArray(told) ? { kind, told: told.filter(isTold) } : null
  if (kind === 'ready') return isNumber(ready) ? { kind, ready: ready as number } : null
  return kind === 'start' && isNumber(value.id) && Array.isArray(value.jwtSecrets) ? (value as unknown as Start) : null
}
