// Publishes events to the rooms of their audience. The only file that emits; it never waits and never throws.

import type { Logger } from 'pino'
import type { Server, Socket } from 'socket.io'
import type { ServerEvents } from '#protocol/events.ts'
import type { ClosingReason, Publish } from '../ports.ts'
import { roomsOf, userRoom } from './rooms.ts'

export function createPublish(io: Server, log: Logger): Publish {
  return (event, to, data) => {
    try {
      let target = to.local ? io.local.to(roomsOf(to)) : io.to(roomsOf(to))
      if (to.exceptUserId !== undefined) target = target.except(userRoom(to.exceptUserId))
      if (to.volatile) target = target.volatile
      target.emit(event, data)
    } catch (error) {
      log.error({ err: error, event }, 'publish failed')
    }
  }
}

/** Publishes to one connection the heads of the conversations it is subscribed to. */
export function publishHeads(socket: Socket, heads: ServerEvents['conversation:heads']['heads']): void {
  socket.volatile.emit('conversation:heads', { heads })
}

/** Publishes to one connection the epoch that all seqs and versions belong to from now on. */
export function publishEpoch(socket: Socket, epoch: string): void {
  socket.emit('epoch:changed', { epoch })
}

/** Publishes to one connection whether an agent is online. */
export function publishAvailability(socket: Socket, available: boolean): void {
  socket.emit('availability:changed', { available })
}

/** Publishes the reason, then closes the connection. */
export function closeConnection(socket: Socket, reason: ClosingReason): void {
  socket.emit('connection:closing', { reason })
  // A client of Socket.IO reconnects by itself after its transport has ended, not after the server has ended its
  // socket.
  if (reason === 'restart' || reason === 'rebalance') socket.conn.close()
  else socket.disconnect(true)
}
