// Limits of HTTP connections. Requests of one connection are served in order, so that at most one response waits to be
// read. The queue behind it is bounded, a response must be read at a minimum rate, and unread bytes are bounded per
// address and in total. The limits cover Socket.IO's requests too.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'
import { AppError } from '../shared/errors.ts'
import { rawHeaders, rawResponse } from './error-handler.ts'
import { type HttpServer, routeNotFound } from './route-auth.ts'

type Exchange = [request: IncomingMessage, response: ServerResponse]

interface Connection {
  /** The request being served. */
  current: IncomingMessage | null
  waiting: Exchange[]
  /** When bytes began to wait, and how many had been sent by then. */
  reading: { since: number; sentBytes: number } | undefined
}

const connections = new WeakMap<Socket, Connection>()

/** Whether a response is in flight: writing another one would corrupt it. */
export const isBusy = (socket: Socket): boolean => connections.get(socket)?.current != null

/** Upgrades only Socket.IO's WebSockets. Any other Upgrade header is ignored, as RFC 9110 section 7.8 allows. */
export const isWebSocket = ({ url, headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith('/socket.io/') === true

export function limitConnections(app: App, http: HttpServer): void {
  const { server } = http
  const busy = new Set<Socket>()

  function serve(listeners: readonly unknown[], ...exchange: Exchange) {
    const { socket } = exchange[0]
    // The parser finishes its buffer even after the socket is destroyed.
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
      return refuse(response, 400, new AppError('invalid_request', 'Send a Host header.'))
    }
    for (const listener of listeners) (listener as (...exchange: Exchange) => void).call(server, request, response)
  }

  // Socket.IO has registered its listener by then.
  http.addHook('onReady', async () => {
    const listeners = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request, response) => serve(listeners, request, response))
  })
  server.on('checkExpectation', (_request, response) =>
    refuse(response, 417, new AppError('invalid_request', 'Use Expect only with 100-continue.')),
  )
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.end(rawResponse('404 Not Found', routeNotFound()))
  })

  const sweep = setInterval(() => {
    const now = performance.now()
    for (const socket of busy) if (readsTooSlowly(socket, now)) socket.destroy()
    endLongestUnread(app, busy)
  }, serverLimits.httpReadSweepMs).unref()
  http.addHook('onClose', async () => clearInterval(sweep))
}

function refuse(response: ServerResponse, status: number, error: AppError): void {
  const body = rawResponse.body(error)
  response
    .writeHead(status, { ...rawHeaders, 'content-length': Buffer.byteLength(body), connection: 'close' })
    .end(body)
}

/**
 * The part of libuv's handle that Node does not expose: bytes passed to the kernel, and those it has not accepted yet.
 */
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
  const sentBytes = handle.bytesWritten - handle.writeQueueSize
  connection.reading ??= { since: now, sentBytes }
  const { bytes, perMs } = budgets.slowestReader
  const elapsed = now - connection.reading.since
  if (elapsed < perMs) return false
  const isTooSlow = sentBytes - connection.reading.sentBytes < (bytes * elapsed) / perMs
  connection.reading = { since: now, sentBytes }
  return isTooSlow
}

/** Closes the connections whose responses have waited longest, until the rest fits the budgets. */
function endLongestUnread(app: App, busy: Iterable<Socket>): void {
  const unread = [...busy].filter((socket) => socket.writableLength > 0)
  const bytesOf = (sockets: readonly Socket[]) => sockets.reduce((sum, { writableLength }) => sum + writableLength, 0)
  const closeExcess = (sockets: Socket[], most: number) => {
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
  for (const sockets of Map.groupBy(unread, addressOf).values())
    closeExcess(sockets, budgets.unreadBytesPerAddress.bytes)
  closeExcess(
    unread.filter((socket) => !socket.destroyed),
    budgets.unreadBytes.bytes,
  )
}
