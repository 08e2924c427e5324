// The sockets open on this node, as use cases may touch them: to end those of a user or of a session.

import type { Connections } from '../context.ts'
import type { Connection } from './connection.ts'
import { publishClosing } from './publish.ts'

export interface OpenConnections extends Connections {
  add(connection: Connection): void
  remove(connection: Connection): void
  all(): Connection[]
}

export function createOpenConnections(): OpenConnections {
  const open = new Set<Connection>()
  return {
    add: (connection) => void open.add(connection),
    remove: (connection) => void open.delete(connection),
    all: () => [...open],
    count: () => open.size,
    end({ userId, sessionId, exceptSessionId }, reason) {
      for (const { socket, actor } of open) {
        const fits =
          actor.userId === userId &&
          (sessionId === undefined || actor.sessionId === sessionId) &&
          actor.sessionId !== exceptSessionId
        if (fits) publishClosing(socket, reason)
      }
    },
  }
}
