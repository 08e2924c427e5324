// The open connections of this node. Use cases close those of a user or a session through it.

import type { CurrentActors } from '../auth/current-actors.ts'
import type { ClosingReason, Connections } from '../ports.ts'
import type { Connection } from './connection.ts'
import { closeConnection } from './publish.ts'

export interface ConnectionRegistry extends Omit<Connections, 'endLapsed'> {
  add(connection: Connection): void
  remove(connection: Connection): void
  has(connection: Connection): boolean
  all(): Connection[]
}

export function createConnectionRegistry(actors: Pick<CurrentActors, 'end'>): ConnectionRegistry {
  const open = new Set<Connection>()
  return {
    add: (connection) => void open.add(connection),
    remove: (connection) => void open.delete(connection),
    has: (connection) => open.has(connection),
    all: () => [...open],
    count: () => open.size,
    end(match, reason) {
      actors.end(match)
      for (const connection of open) if (connection.actor.isEnded) endConnection(connection, reason)
    },
  }
}

/** Closes a connection with a reason. Its queued requests fail, since its actor has ended. */
export function endConnection({ actor, socket }: Pick<Connection, 'actor' | 'socket'>, reason: ClosingReason): void {
  actor.isEnded = true
  closeConnection(socket, reason)
}
