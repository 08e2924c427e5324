// What use cases and domain modules need from the sockets. A leaf: it imports only the protocol, so any module may
// import it.

import type { EventName, ServerEvents } from '#protocol/events.ts'

/** The connections that an event goes to. One that matches several members gets it once. */
export interface Audience {
  /** Connections subscribed to this conversation. */
  conversationId?: number
  /** Connections of agents that are subscribed to this conversation. */
  agentsIn?: number
  /** All connections of this user. */
  userId?: number
  agents?: true
  customers?: true
  /** Excluded, whatever else matches. */
  exceptUserId?: number
  /** This node's connections only: other nodes publish to their own. */
  local?: true
  /** May be dropped when a connection has a backlog. */
  volatile?: true
}

/** Called only after the commit that the event reports. Never waits and never throws. */
export type Publish = <E extends EventName>(event: E, to: Audience, data: ServerEvents[E]) => void

export type ClosingReason = ServerEvents['connection:closing']['reason']

export interface ConnectionMatch {
  userId: number
  /** Only connections of this session. Without it, all of the user's. */
  sessionId?: number
  exceptSessionId?: number
}

/** The part of the connection registry that use cases may call. */
export interface Connections {
  /** Open connections of this node. */
  count(): number
  /**
   * Closes all matching connections on every node, after `connection:closing`. Cancels what their actors have in
   * flight.
   */
  end(match: ConnectionMatch, reason: ClosingReason): void
  /** Closes this node's connections whose session has ended in the database. */
  endLapsed(): Promise<void>
}
