// Terminates slow consumers. A client's unread bytes wait in engine.io, in the WebSocket sender and in the TCP socket.
// One sweep measures all three for every connection, authenticated or not; a terminated client reconnects and catches
// up from the database.

import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { RefusalReason } from './refused-sockets.ts'
import { type EngineSession, type EngineSessions, tcpOf, terminate } from './socketio/engine-sessions.ts'
import type { EnginePacket } from './socketio/engine-types.ts'

export interface SlowConsumers {
  /** Null when the client may be sent a page now. Else resolves when it has read enough, or has disconnected. */
  whenDrained(session: EngineSession): Promise<void> | null
  stop(): void
}

export function watchSlowConsumers(app: Pick<App, 'log' | 'refusedSockets'>, sessions: EngineSessions): SlowConsumers {
  const backlogged = new Set<EngineSession>()
  let isStopped = false

  function sweep() {
    const now = performance.now()
    for (const session of sessions.values()) check(session, now)
  }

  function check(session: EngineSession, now: number) {
    const { conn } = session
    const unread = unreadBytes(session)
    if (unread > budgets.unreadBytesPerConnection.bytes) terminateFor('slow', session)
    else if (isStalled(session, unread, now)) terminateFor('stalled', session)
    else if (now > session.deadline) terminateFor('handshake_timeout', session)
    else if (conn.readyState === 'closing' && isCloseOverdue(session, now)) terminate(conn)
  }

  /** Compares the backlog with the last sweep's. While it shrinks, a pong may be late: the ping may be in it. */
  function isStalled(session: EngineSession, unread: number, now: number): boolean {
    const backlog = unread === 0 ? 0 : unread + kernelQueue(session)
    const isReading = backlog < session.unread || backlog <= budgets.unreadBytesBeforePage.bytes
    if (isReading || session.stalledSince === 0) session.stalledSince = now
    if (backlog > 0 && backlog < session.unread) session.conn.pingTimeoutTimer?.refresh()
    session.unread = backlog
    return now - session.stalledSince > serverLimits.stalledMs
  }

  function isCloseOverdue(session: EngineSession, now: number): boolean {
    session.closingSince ||= now
    return now - session.closingSince > serverLimits.closingMs
  }

  function terminateFor(reason: RefusalReason, { conn, user }: EngineSession) {
    app.refusedSockets.count(reason)
    if (user) app.log.info({ userId: user.userId, reason }, 'connection terminated')
    terminate(conn)
  }

  const isOverPageBudget = (session: EngineSession) => unreadBytes(session) > budgets.unreadBytesBeforePage.bytes

  function releaseDrained() {
    for (const session of backlogged) {
      if (!isStopped && session.conn.readyState === 'open' && isOverPageBudget(session)) continue
      backlogged.delete(session)
      for (const resolve of session.onDrained ?? []) resolve()
      session.onDrained = null
    }
  }

  const timers = [
    setInterval(sweep, serverLimits.slowConsumerSweepMs),
    setInterval(releaseDrained, serverLimits.pageRoomSweepMs),
  ]
  return {
    whenDrained(session) {
      if (isStopped || !isOverPageBudget(session)) return null
      backlogged.add(session)
      return new Promise((resolve) => {
        session.onDrained ??= []
        session.onDrained.push(resolve)
      })
    },
    stop() {
      for (const timer of timers) clearInterval(timer)
      // Waiting requests are answered before the server stops.
      isStopped = true
      releaseDrained()
    },
  }
}

/** In all layers of this process. */
function unreadBytes({ conn }: EngineSession): number {
  const { socket } = conn.transport
  let bytes = (tcpOf(conn)?.writableLength ?? 0) + (socket?._sender?._bufferedBytes ?? 0)
  for (const packet of conn.writeBuffer) bytes += bytesOf(packet)
  return bytes
}

function bytesOf(packet: EnginePacket): number {
  packet.bytes ??= measure(packet)
  return packet.bytes
}

function measure({ data, options }: EnginePacket): number {
  const frame = options?.wsPreEncodedFrame ?? []
  return frame.reduce((sum, part) => sum + part.length, Buffer.byteLength((data ?? '') as string | Buffer))
}

/** Bytes of libuv's current write that the kernel has not accepted yet. Shrinks while one large buffer leaves. */
const kernelQueue = ({ conn }: EngineSession): number =>
  (tcpOf(conn) as { _handle?: { writeQueueSize?: number } } | undefined)?._handle?.writeQueueSize ?? 0
