// Closes a connection with a reason. Its queued requests fail, since its actor has ended.

import type { Socket } from 'socket.io'
import type { ClosingReason } from '../ports.ts'
import type { Actor } from '../shared/actor.ts'
import { closeConnection } from './publish.ts'

export function endConnection({ actor, socket }: { actor: Actor; socket: Socket }, reason: ClosingReason): void {
  actor.isEnded = true
  closeConnection(socket, reason)
}
