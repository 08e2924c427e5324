// What one HTTP connection may do. Its requests are served one after the other, so that an answer that nobody reads is the only one that
// waits; a few requests may wait behind it; and an answer has to be read at a minimum rate. What waits to be read is bounded for each
// address and in all. Socket.IO's requests go the same way.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { rawAnswer, rawHeaders } from './error-handler.ts'
import type { HttpServer } from './route-auth.ts'

type Exchange = [request: IncomingMessage, response: ServerResponse]

interface Connection {
  /** The request that is being served. */
  current: IncomingMessage | null
  waiting: Exchange[]
  /** When bytes began to wait, and how many had left by then. */
  reading: { since: number; left: number } | undefined
}

const connections = new WeakMap<Socket, Connection>()

/** Whether an answer is on its way, which bytes of another must not break into. */
export const isBusy = (socket: Socket): boolean => connections.get(socket)?.current != null

/** Only WebSockets of Socket.IO are upgraded. Any other upgrade is ignored, as RFC 9110 allows, and its request answered as usual. */
export const isWebSocket = ({ url, headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith('/socket.io/') === true

export function boundConnections(app: App, http: HttpServer): void {
  const { server } = http
  const busy = new Set<Socket>()

  function serve(listeners: readonly unknown[], ...exchange: Exchange) {
    const { socket } = exchange[0]
    // The parser goes on to the end of what it was given.
    if (socket.destroyed) return
    const connection = connections.get(socket) ?? { current: null, waiting: [], reading: undefined }
    connections.set(socket, connection)
    if (connection.current === null) return begin(listeners, connection, exchange)
    if (connection.waiting.length < budgets.pipelinedRequests.concurrent) return void connection.waiting.push(exchange)
    app.violations.count(clientAddress(app.config, exchange[0]))
    socket.destroy()
  }

  function begin(listeners: readonly unknown[], connection: Connection, [request, response]: Exchange) {
    const { socket } = request
    connection.current = request
    busy.add(socket)
    response.once('close', () => {
      connection.current = null
      connection.reading = undefined
      const next = connection.waiting.shift()
      if (next && !socket.destroyed) begin(listeners, connection, next)
      else busy.delete(socket)
    })
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      return refuse(response, 400, new AppError('invalid_request', 'A Host header is needed.'))
    }
    for (const listener of listeners) (listener as (...exchange: Exchange) => void).call(server, request, response)
  }

  // By then Socket.IO is there, too.
  http.addHook('onReady', async () => {
    const listeners = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request, response) => serve(listeners, request, response))
  })
  server.on('checkExpectation', (_request, response) =>
    refuse(response, 417, new AppError('invalid_request', 'Only 100-continue can be expected.')),
  )
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.end(rawAnswer('404 Not Found', new AppError('not_found', 'There is nothing here.')))
  })

  const sweep = setInterval(() => {
    const now = performance.now()
    for (const socket of busy) if (readsTooSlowly(socket, now)) socket.destroy()
    endLongestUnread(app, busy)
  }, serverLimits.httpReadSweepMs).unref()
  http.addHook('onClose', async () => clearInterval(sweep))
}

function refuse(response: ServerResponse, status: number, error: AppError): void {
  const body = rawAnswer.body(error)
  response
    .writeHead(status, { ...rawHeaders, 'content-length': Buffer.byteLength(body), connection: 'close' })
    .end(body)
}

/** What Node does not show of a socket: bytes given to the system, and of those what it has not taken. */
interface Handle {
  bytesWritten: number
  writeQueueSize: number
}

function readsTooSlowly(socket: Socket, now: number): boolean {
  const connection = connections.get(socket)
  const handle = (socket as unknown as { _handle?: Handle })._handle
  if (!connection || !handle) return false
  if (handle.writeQueueSize === 0) {
    connection.reading = undefined
    return false
  }
  const left = handle.bytesWritten - handle.writeQueueSize
  connection.reading ??= { since: now, left }
  const { bytes, perMs } = budgets.slowestReader
  const elapsed = now - connection.reading.since
  if (elapsed < perMs) return false
  const isTooSlow = left - connection.reading.left < (bytes * elapsed) / perMs
  connection.reading = { since: now, left }
  return isTooSlow
}

/** Ends the connections whose answers have waited longest, until the others are within the budgets. */
function endLongestUnread(app: App, busy: Iterable<Socket>): void {
  const unread = [...busy].filter((socket) => socket.writableLength > 0)
  const bytesOf = (sockets: readonly Socket[]) => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0)
  const cut = (sockets: Socket[], most: number) => {
    const sinceOf = (socket: Socket) => connections.get(socket)?.reading?.since ?? Number.POSITIVE_INFINITY
    let excess = bytesOf(sockets) - most
    if (excess <= 0) return
    for (const socket of sockets.toSorted((one, other) => sinceOf(one) - sinceOf(other))) {
      if (excess <= 0) return
      excess -= socket.writableLength
      socket.destroy()
    }
  }
  const smallest = Math.min(budgets.unreadBytesPerAddress.bytes, budgets.unreadBytes.bytes)
  if (bytesOf(unread) <= smallest) return
  const addressOf = (socket: Socket) => {
    const request = connections.get(socket)?.current
    return request ? clientAddress(app.config, request).group : ''
  }
  for (const sockets of Map.groupBy(unread, addressOf).values()) cut(sockets, budgets.unreadBytesPerAddress.bytes)
  cut(
    unread.filter((socket) => !socket.destroyed),
    budgets.unreadBytes.bytes,
  )
}
