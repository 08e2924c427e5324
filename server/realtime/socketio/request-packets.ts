// Reads the head of a request's packet, so that a request is admitted before its JSON is parsed.

import type { Ack } from '../incoming-requests.ts'
import type { EngineSocket } from './engine-types.ts'

const event = 0x32
const bracket = 0x5b
const longestId = 15

/**
 * Where the JSON of a request begins: Socket.IO protocol 5, EVENT: `2`, the acknowledgement id, a JSON array. 0 for any
 * other packet.
 */
export function jsonStart(packet: string): number {
  if (packet.charCodeAt(0) !== event) return 0
  let at = 1
  while (at <= longestId && isDigit(packet.charCodeAt(at))) at++
  return at > 1 && packet.charCodeAt(at) === bracket ? at : 0
}

/** As a number: the substring would keep the whole packet in memory. */
export function ackOf(conn: EngineSocket, packet: string, at: number): Ack {
  const id = Number(packet.slice(1, at))
  return (reply) => conn.write(`3${id}${JSON.stringify([reply])}`)
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39
