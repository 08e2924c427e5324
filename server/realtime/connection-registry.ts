// The open connections of this node. Use cases close those of a user or a session through it.

import type { CurrentActors } from '../auth/current-actors.ts'
import type { Connections } from '../ports.ts'
import type { Connection } from './connection.ts'
import { endConnection } from './end-connection.ts'

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
