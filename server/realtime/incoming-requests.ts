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

export interface RequestReceiver {
  /**
   * Whether the packet of a request may be parsed, by rate, size and shape. Replies if not. `at`: where its JSON
   * begins.
   */
  admit(packet: string, at: number, ack: Ack | null): boolean
  /** A request that was admitted. */
  receive(request: IncomingRequest): void
}

/** Call once for each socket. transport-guard.ts admits what arrives here. */
export function listenForRequests(socket: Socket, { receive }: Pick<RequestReceiver, 'receive'>): void {
  // The middleware never calls next: no event listeners exist behind it.
  socket.use((event) => receive(toRequest(event)))
}

/** `event` is name, payload, callback. */
function toRequest(event: readonly unknown[]): IncomingRequest {
  const last = event[event.length - 1]
  const ack = event.length > 1 && typeof last === 'function' ? (last as Ack) : null
  return { name: event[0], payload: ack && event.length === 2 ? undefined : event[1], ack }
}
