// Limits of HTTP connections. Requests of one connection are served in order, so that at most one response waits to be
// read, and the queue behind it is bounded. The limits cover Socket.IO's requests too.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { budgets } from '../budgets/budgets.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'
import { dropRequests } from '../shared/drop-requests.ts'
import { AppError } from '../shared/errors.ts'
import { limitBodyChunks } from './body-chunks.ts'
import { rawHeaders, rawResponse } from './error-handler.ts'
import { createIdleConnections } from './idle-connections.ts'
import { paceViolators } from './paced-connections.ts'
import { type HttpServer, routeNotFound } from './route-auth.ts'
import { limitUnreadResponses } from './unread-responses.ts'

type Exchange = [request: IncomingMessage, response: ServerResponse]

interface Connection {
  /** The request being served. */
  current: IncomingMessage | null
  waiting: Exchange[]
}

const connections = new WeakMap<Socket, Connection>()

/** Whether a response is in flight: writing another one would corrupt it. */
export const isBusy = (socket: Socket): boolean => connections.get(socket)?.current != null

/** Upgrades only Socket.IO's WebSockets. Any other Upgrade header is ignored, as RFC 9110 section 7.8 allows. */
export const isWebSocket = ({ url, headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith('/socket.io/') === true

export function limitConnections(app: App, http: HttpServer): void {
  const { server } = http
  const busy = new Map<Socket, IncomingMessage>()
  const idle = createIdleConnections(app)
  const unread = limitUnreadResponses(app, busy)
  let closeWaiting = () => {}

  function endForViolation(request: IncomingMessage) {
    app.violations.count(clientAddress(app.config, request))
    dropRequests(request.socket)
    request.socket.destroy()
  }

  function serve(listeners: readonly unknown[], ...exchange: Exchange) {
    const [request] = exchange
    const { socket } = request
    // The parser finishes its buffer even after the socket is destroyed.
    if (socket.destroyed) return
    if (app.config.rateLimits) limitBodyChunks(request, () => endForViolation(request))
    const connection = connections.get(socket) ?? { current: null, waiting: [] }
    connections.set(socket, connection)
    if (connection.current === null) return begin(listeners, connection, exchange)
    if (connection.waiting.length < budgets.pipelinedRequests.concurrent) return void connection.waiting.push(exchange)
    endForViolation(request)
  }

  function begin(listeners: readonly unknown[], connection: Connection, [request, response]: Exchange) {
    const { socket } = request
    connection.current = request
    busy.set(socket, request)
    idle.remove(socket)
    response.once('prefinish', () => unread.onWritten(socket))
    response.once('close', () => {
      connection.current = null
      unread.onSent(socket)
      const next = connection.waiting.shift()
      if (next && !socket.destroyed) return begin(listeners, connection, next)
      busy.delete(socket)
      idle.add(socket)
    })
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      return refuse(response, 400, new AppError('invalid_request', 'Send a Host header.'))
    }
    for (const listener of listeners) (listener as (...exchange: Exchange) => void).call(server, request, response)
  }

  server.on('connection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => idle.remove(socket))
  })
  server.on('upgrade', (_request: IncomingMessage, socket: Socket) => idle.remove(socket))
  // Socket.IO has registered its listeners by then.
  http.addHook('onReady', async () => {
    const listeners = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request, response) => serve(listeners, request, response))
    closeWaiting = paceViolators(app, server)
  })
  server.on('checkExpectation', (_request, response) =>
    refuse(response, 417, new AppError('invalid_request', 'Use Expect only with 100-continue.')),
  )
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => {})
    socket.end(rawResponse('404 Not Found', routeNotFound()))
  })

  http.addHook('preClose', async () => closeWaiting())
  http.addHook('onClose', async () => unread.stop())
}

function refuse(response: ServerResponse, status: number, error: AppError): void {
  const body = rawResponse.body(error)
  response
    .writeHead(status, { ...rawHeaders, 'content-length': Buffer.byteLength(body), connection: 'close' })
    .end(body)
}
