// The IPC messages between the primary process and its workers.

import type { DatabaseAddress } from '#db/core/connect.ts'
import { serverLimits } from '#protocol/limits/server.ts'

export type BusMessage = [channel: string, message: Buffer]

/** The first message to a worker. */
export interface Start {
  kind: 'start'
  /** Unique to this start, so that a worker is never mistaken for the one it replaces. */
  id: number
  /** The number of workers. */
  count: number
  /** The directory of the workers' private sockets. */
  folder: string
  address: DatabaseAddress
  /** The most database connections that one worker may open. */
  connections: number
  jwtSecrets: string[]
}

/** `connection` comes with a socket that nothing has been read from. `ready` is the number of workers that serve. */
export type ToWorker =
  | Start
  | { kind: 'connection' }
  | { kind: 'published'; messages: BusMessage[] }
  | { kind: 'ready'; ready: number }

/** `accepted` acknowledges `connection`. A worker that is `leaving` gets no more connections. */
export type ToPrimary =
  | { kind: 'ready' }
  | { kind: 'accepted' }
  | { kind: 'leaving' }
  | { kind: 'publish'; messages: BusMessage[] }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isNumber = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
const isBusMessage = (value: unknown): value is BusMessage =>
  Array.isArray(value) &&
  typeof value[0] === 'string' &&
  value[0].length <= 200 &&
  value[1] instanceof Uint8Array &&
  value[1].length <= serverLimits.busMessageBytes

/** A valid message of a worker, or null. Malformed bus messages in it are left out. */
export function asToPrimary(value: unknown): ToPrimary | null {
  if (!isRecord(value)) return null
  const { kind, messages } = value
  if (kind === 'ready' || kind === 'accepted' || kind === 'leaving') return { kind }
  return kind === 'publish' && Array.isArray(messages) ? { kind, messages: messages.filter(isBusMessage) } : null
}

/** A valid message of the primary, or null. Malformed bus messages in it are left out. */
export function asToWorker(value: unknown): ToWorker | null {
  if (!isRecord(value)) return null
  const { kind, messages, ready } = value
  if (kind === 'connection') return { kind }
  if (kind === 'published') return Array.isArray(messages) ? { kind, messages: messages.filter(isBusMessage) } : null
  if (kind === 'ready') return isNumber(ready) ? { kind, ready: ready as number } : null
  return kind === 'start' && isNumber(value.id) && Array.isArray(value.jwtSecrets) ? (value as unknown as Start) : null
}
