// Type guards for messages of other processes. A message of any other shape is rejected before other code sees it.

import type { ClosingReason, ConnectionMatch } from '../ports.ts'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isShortText = (value: unknown): value is string => typeof value === 'string' && value.length <= 200
const isId = (value: unknown): value is number => Number.isSafeInteger(value)
const isOptionalId = (value: unknown) => value === undefined || value === null || isId(value)
const maxRooms = 1_000
const isRooms = (value: unknown) => Array.isArray(value) && value.length <= maxRooms && value.every(isShortText)

/** Socket.IO's packet type EVENT. */
const eventPacket = 2

/** A broadcast of Socket.IO's Redis adapter: [sender, packet, options]. */
export function isBroadcast(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [sender, packet, options]: unknown[] = value
  if (!isShortText(sender) || !isRecord(packet) || !isRecord(options)) return false
  const { type, data, nsp, id } = packet
  return (
    type === eventPacket &&
    nsp === '/' &&
    (id === undefined || id === null) &&
    Array.isArray(data) &&
    data.length === 2 &&
    isShortText(data[0]) &&
    isRooms(options.rooms) &&
    isRooms(options.except) &&
    (options.flags === undefined || options.flags === null || isRecord(options.flags))
  )
}

/** The Redis adapter's request type for serverSideEmit. */
const serverSideEmit = 6
const nodeEvents = ['connections:end', 'rates:counted']

/** An event that cluster.ts publishes to other nodes. Throws a SyntaxError when the message is not JSON. */
export function isNodeEvent(message: Buffer): boolean {
  const request: unknown = JSON.parse(message.toString())
  return (
    isRecord(request) &&
    request.type === serverSideEmit &&
    isShortText(request.uid) &&
    request.requestId === undefined &&
    Array.isArray(request.data) &&
    nodeEvents.includes(request.data[0])
  )
}

export const isConnectionMatch = (value: unknown): value is ConnectionMatch =>
  isRecord(value) && isId(value.userId) && isOptionalId(value.sessionId) && isOptionalId(value.exceptSessionId)

const reasons: readonly unknown[] = ['expired', 'revoked', 'restart'] satisfies ClosingReason[]
export const isClosingReason = (value: unknown): value is ClosingReason => reasons.includes(value)
