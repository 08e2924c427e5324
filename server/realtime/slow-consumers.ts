// What a client does not read waits in this process: in engine.io, in the WebSocket's sender, in the TCP socket. One sweep measures all of
// it for every connection, authenticated or not, and ends those with too much; their clients come back and catch up from the database.

import type { Socket as TcpSocket } from 'node:net'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import type { RefusalReason } from './refused-sockets.ts'
import { type EngineSession, type EngineSessions, tcpOf, terminate } from './socketio/engine-sessions.ts'
import type { Packet } from './socketio/write-coalescing.ts'
import type { TcpSockets } from './tcp-sockets.ts'

export interface SlowConsumers {
  /** Resolves when the client has read enough for another page, or its connection has ended; null when it may have one now. */
  roomForPage(session: EngineSession): Promise<void> | null
  stop(): void
}

/** What one WebSocket has sent since a time. */
interface Received {
  since: number
  bytes: number
}

export function watchSlowConsumers(
  app: Pick<App, 'log' | 'config' | 'refusedSockets' | 'violations' | 'rates'>,
  tcpSockets: TcpSockets,
  sessions: EngineSessions,
): SlowConsumers {
  const received = new WeakMap<TcpSocket, Received>()
  const waitingForRoom = new Set<EngineSession>()
  let isStopped = false

  function sweep() {
    const now = performance.now()
    for (const session of sessions.values()) sweepSession(session, now)
    for (const socket of tcpSockets.all()) {
      if (tcpSockets.unread(socket) <= budgets.unreadBytesPerHttpConnection.bytes) continue
      app.refusedSockets.count('slow')
      socket.destroy()
    }
  }

  function sweepSession(session: EngineSession, now: number) {
    const { conn } = session
    const unread = unreadBytes(session)
    if (unread > budgets.unreadBytesPerConnection.bytes) end(session, 'slow')
    else if (isStalled(session, unread, now)) end(session, 'stalled')
    else if (now > session.deadline) end(session, 'handshake_timeout')
    else if (conn.readyState === 'closing' && isOverdue(session, now)) terminate(conn)
    else if (sendsTooMuch(session, now)) {
      app.violations.count(session.address)
      if (session.user) app.rates.count('violationsPerUser', session.user.userId)
      end(session, 'bytes')
    }
  }

  /** Reads the sizes of what waits, and keeps waiting for the answer to a ping while the client reads what is before it. */
  function isStalled(session: EngineSession, unread: number, now: number): boolean {
    const left = unread === 0 ? 0 : unread + kernelQueue(session)
    const reads = left < session.unread || left <= budgets.unreadBytesBeforePage.bytes
    if (reads || session.stalledSince === 0) session.stalledSince = now
    if (left > 0 && left < session.unread) session.conn.pingTimeoutTimer?.refresh()
    session.unread = left
    return now - session.stalledSince > serverLimits.stalledMs
  }

  function isOverdue(session: EngineSession, now: number): boolean {
    session.closingSince ||= now
    return now - session.closingSince > serverLimits.closingMs
  }

  function sendsTooMuch(session: EngineSession, now: number): boolean {
    const tcp = session.conn.transport.socket?._socket
    if (tcp === undefined || !app.config.rateLimits) return false
    const last = received.get(tcp)
    if (last === undefined || now - last.since > budgets.connectionBytes.perMs) {
      received.set(tcp, { since: now, bytes: tcp.bytesRead })
      return false
    }
    return tcp.bytesRead - last.bytes > budgets.connectionBytes.bytes
  }

  function end({ conn, user }: EngineSession, reason: RefusalReason) {
    app.refusedSockets.count(reason)
    if (user) app.log.info({ userId: user.userId, reason }, 'ended a connection')
    terminate(conn)
  }

  function giveRoom() {
    for (const session of waitingForRoom) {
      if (
        !isStopped &&
        session.conn.readyState === 'open' &&
        unreadBytes(session) > budgets.unreadBytesBeforePage.bytes
      )
        continue
      waitingForRoom.delete(session)
      for (const resolve of session.hasRoom ?? []) resolve()
      session.hasRoom = null
    }
  }

  const timers = [
    setInterval(sweep, serverLimits.slowConsumerSweepMs),
    setInterval(giveRoom, serverLimits.pageRoomSweepMs),
  ]
  return {
    roomForPage(session) {
      if (isStopped || unreadBytes(session) <= budgets.unreadBytesBeforePage.bytes) return null
      waitingForRoom.add(session)
      return new Promise((resolve) => {
        session.hasRoom ??= []
        session.hasRoom.push(resolve)
      })
    },
    stop() {
      for (const timer of timers) clearInterval(timer)
      // What waits is answered before the server stops.
      isStopped = true
      giveRoom()
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

function bytesOf(packet: Packet): number {
  packet.bytes ??= measure(packet)
  return packet.bytes
}

function measure({ data, options }: Packet): number {
  const frame = options?.wsPreEncodedFrame ?? []
  return frame.reduce((sum, part) => sum + part.length, Buffer.byteLength((data ?? '') as string | Buffer))
}

/** What libuv has not passed to the system yet of the buffer it is writing: it shrinks while a large one leaves. */
const kernelQueue = ({ conn }: EngineSession): number =>
  (tcpOf(conn) as { _handle?: { writeQueueSize?: number } } | undefined)?._handle?.writeQueueSize ?? 0
