// Receives requests from a Socket.IO socket: an event is a request, its callback the acknowledgement.

import type { Socket } from 'socket.io'
import type { Reply } from '#protocol/errors.ts'

export type Ack = (reply: Reply<unknown>) => void

/** A request as received: nothing in it has been validated. */
export interface IncomingRequest {
  name: unknown
  payload: unknown
  /** Null when the client asked for no reply. */
  ack: Ack | null
}

export type OnRequest = (request: IncomingRequest) => void

/** Call once for each socket. */
export function listenForRequests(socket: Socket, onRequest: OnRequest): void {
  // The middleware never calls next: no event listeners exist behind it.
  socket.use((event) => onRequest(toRequest(event)))
}

/** `event` is name, payload, callback. */
function toRequest(event: readonly unknown[]): IncomingRequest {
  const last = event[event.length - 1]
  const ack = event.length > 1 && typeof last === 'function' ? (last as Ack) : null
  return { name: event[0], payload: ack && event.length === 2 ? undefined : event[1], ack }
}
