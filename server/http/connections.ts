// What one HTTP connection may do. Its requests are served one after the other, so that an answer that nobody reads is the only one that
// waits; a few requests may wait behind it; and an answer has to be read at a minimum rate. Socket.IO's requests go the same way.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { limits } from '#protocol/limits.ts'
import { budgets } from '../budgets/budgets.ts'
import { clientAddress } from '../client-address.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import type { HttpServer } from './callers.ts'
import { rawAnswer, rawHeaders } from './error-reply.ts'

type Exchange = [request: IncomingMessage, response: ServerResponse]

interface Connection {
  isBusy: boolean
  waiting: Exchange[]
  /** When bytes began to wait, and how many had left by then. */
  reading: { since: number; left: number } | undefined
}

const connections = new WeakMap<Socket, Connection>()

/** Whether an answer is on its way, which bytes of another must not break into. */
export const isBusy = (socket: Socket): boolean => connections.get(socket)?.isBusy === true

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
    const connection = connections.get(socket) ?? { isBusy: false, waiting: [], reading: undefined }
    connections.set(socket, connection)
    if (!connection.isBusy) return begin(listeners, connection, exchange)
    if (connection.waiting.length < budgets.pipelinedRequests.concurrent) return void connection.waiting.push(exchange)
    app.violations.count(clientAddress(app.config, exchange[0]))
    socket.destroy()
  }

  function begin(listeners: readonly unknown[], connection: Connection, [request, response]: Exchange) {
    const { socket } = request
    connection.isBusy = true
    busy.add(socket)
    response.once('close', () => {
      connection.isBusy = false
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
  }, limits.readingSweepMs)
  http.addHook('onClose', async () => clearInterval(sweep))
}

function refuse(response: ServerResponse, status: number, error: AppError): void {
  response.writeHead(status, { ...rawHeaders, connection: 'close' }).end(rawAnswer.body(error))
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
