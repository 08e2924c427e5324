// Ends clients that do not read their responses: a minimum reading rate for each, and a bound on what waits unread, per
// address and in total.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'

export interface UnreadResponses {
  /** The whole response has been passed to the socket. */
  onWritten(socket: Socket): void
  /** The kernel has accepted all of it. */
  onSent(socket: Socket): void
  stop(): void
}

/**
 * The part of libuv's handle that Node does not expose: bytes passed to the kernel, and those it has not accepted yet.
 */
interface Handle {
  bytesWritten: number
  writeQueueSize: number
}

/** `busy`: connections with the request that they serve. */
export function limitUnreadResponses(app: App, busy: ReadonlyMap<Socket, IncomingMessage>): UnreadResponses {
  /** When bytes began to wait, and how many had been sent by then. */
  const reading = new WeakMap<Socket, { since: number; sentBytes: number }>()
  let writtenBytes = 0

  function readsTooSlowly(socket: Socket, now: number): boolean {
    const { _handle: handle } = socket as unknown as { _handle?: Handle }
    if (!handle) return false
    if (handle.writeQueueSize === 0) {
      reading.delete(socket)
      return false
    }
    const sentBytes = handle.bytesWritten - handle.writeQueueSize
    const before = reading.get(socket) ?? { since: now, sentBytes }
    reading.set(socket, before)
    const { bytes, perMs } = budgets.slowestReader
    const elapsed = now - before.since
    if (elapsed < perMs) return false
    reading.set(socket, { since: now, sentBytes })
    return sentBytes - before.sentBytes < (bytes * elapsed) / perMs
  }

  /** Closes the connections whose responses have waited longest, until the rest fits the budgets. */
  function closeLongestUnread() {
    writtenBytes = 0
    const unread = [...busy.keys()].filter((socket) => socket.writableLength > 0)
    if (bytesOf(unread) <= Math.min(budgets.unreadBytesPerAddress.bytes, budgets.unreadBytes.bytes)) return
    const addressOf = (socket: Socket) => clientAddress(app.config, busy.get(socket) as IncomingMessage).group
    for (const sockets of Map.groupBy(unread, addressOf).values()) {
      closeExcess(sockets, budgets.unreadBytesPerAddress.bytes)
    }
    closeExcess(
      unread.filter((socket) => !socket.destroyed),
      budgets.unreadBytes.bytes,
    )
  }

  function closeExcess(sockets: Socket[], most: number) {
    const sinceOf = (socket: Socket) => reading.get(socket)?.since ?? Number.POSITIVE_INFINITY
    let excess = bytesOf(sockets) - most
    if (excess <= 0) return
    for (const socket of sockets.toSorted((one, other) => sinceOf(one) - sinceOf(other))) {
      if (excess <= 0) return
      excess -= socket.writableLength
      socket.destroy()
    }
  }

  const sweep = setInterval(() => {
    const now = performance.now()
    for (const socket of busy.keys()) if (readsTooSlowly(socket, now)) socket.destroy()
    closeLongestUnread()
  }, serverLimits.httpReadSweepMs).unref()

  return {
    onWritten(socket) {
      writtenBytes += socket.writableLength
      if (writtenBytes > serverLimits.httpReadBytes) closeLongestUnread()
    },
    onSent: (socket) => void reading.delete(socket),
    stop: () => clearInterval(sweep),
  }
}

const bytesOf = (sockets: readonly Socket[]) => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0)
