// Guards every HTTP request and upgrade under /socket.io/ before engine.io sees it: whether it is a valid handshake,
// whether the budget allows it, and whether it may use its session. A refused request costs no session.

import type { IncomingMessage, Server as NodeServer, ServerResponse } from 'node:http'
import type { Socket as TcpSocket } from 'node:net'
import { errorCodes } from '#protocol/errors.ts'
import { type AccessToken, readAccessToken } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { clientAddress } from '../shared/client-address.ts'
import { dropRequests } from '../shared/drop-requests.ts'
import { AppError, asAppError, errorBody } from '../shared/errors.ts'
import { isSameOrigin } from '../shared/same-origin.ts'
import { createHandshakeBudget, type PendingHandshake } from './handshake-budget.ts'
import type { RefusalReason } from './refused-sockets.ts'
import type { EngineSessions } from './socketio/engine-sessions.ts'

interface SocketRequests {
  /** The handshake of the request that opened a session; undefined for a request that did not pass the guard. */
  claim(request: object | null): PendingHandshake | undefined
}

type EngineRequest = IncomingMessage & { _query?: Record<string, string> }

/** engine.io's reply for an unknown session. A session of another client must look the same. */
const unknownSession = JSON.stringify({ code: 1, message: 'Session ID unknown' })

const path = '/socket.io/'

/** Call after Socket.IO is attached to the server. Adds `headers` to every response under /socket.io/. */
export function guardSocketRequests(
  app: App,
  server: NodeServer,
  sessions: EngineSessions,
  headers: Readonly<Record<string, string>>,
): SocketRequests {
  const handshakes = new WeakMap<object, PendingHandshake>()
  const budget = createHandshakeBudget(app)
  const headerLines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

  wrap(server, 'request', (request: EngineRequest, response: ServerResponse, pass) => {
    for (const name of Object.keys(headers)) response.setHeader(name, headers[name] as string)
    const outcome = admit(request, false)
    if (outcome === null) pass()
    else if (isOverload(outcome)) writeRefusal(request.socket, outcome)
    else sendRefusal(response, outcome)
  })
  wrap(server, 'upgrade', (request: EngineRequest, socket: TcpSocket, pass) => {
    const outcome = admit(request, true)
    if (outcome === null) pass()
    else writeRefusal(socket, outcome)
  })

  /** Null when the request may pass to engine.io. */
  function admit(request: EngineRequest, isUpgrade: boolean): AppError | 'unknown session' | null {
    try {
      if (!isSameOrigin(app.config, request.headers) || isCrossSite(request)) {
        throw new AppError('forbidden', 'Connect from a page of this server.')
      }
      const query = queryOf(request, isUpgrade)
      const claim = readAccessToken(app, tokenOf(request))
      if (query.sid !== undefined) return admitToSession(request, query.sid, claim)
      if (request.method !== 'GET') throw new AppError('invalid_request', 'Use GET to open a session.')
      const handshake = budget.begin(clientAddress(app.config, request), claim)
      handshakes.set(request, handshake)
      // By then engine.io has opened a session or refused.
      setImmediate(() => handshake.end ?? handshake.fail())
      return null
    } catch (error) {
      const refusal = asAppError(error)
      app.refusedSockets.count(reasonOf(refusal))
      if (isOverload(refusal)) countRefusal('refusalsPerAddress', request)
      return refusal
    }
  }

  /** A caller that ignores refusals collects violations. */
  function countRefusal(rate: 'refusalsPerAddress' | 'unknownSessionsPerAddress', request: EngineRequest): boolean {
    const address = clientAddress(app.config, request)
    if (app.rates.tryConsume(rate, address.group)) return true
    app.violations.count(address)
    return false
  }

  function admitToSession(request: EngineRequest, sid: string, claim: AccessToken | undefined) {
    const session = sessions.get(sid)
    // Of another worker, or unknown. sticky-sessions.ts and engine.io handle both.
    if (session === undefined) {
      if (countRefusal('unknownSessionsPerAddress', request)) return null
      throw new AppError('rate_limited', 'Open a session first.', { retryAfterMs: 1_000 })
    }
    if (session.address.group !== clientAddress(app.config, request).group) {
      app.refusedSockets.count('foreign_session')
      return 'unknown session'
    }
    const { user } = session
    const isForeign = claim?.userId !== user?.userId || claim?.sessionId !== user?.sessionId
    if (user !== null && tokenOf(request) !== undefined && isForeign) {
      throw new AppError('unauthorized', 'Use the token that opened this connection.')
    }
    return null
  }

  function sendRefusal(response: ServerResponse, refusal: AppError | 'unknown session') {
    const isUnknown = refusal === 'unknown session'
    const status = isUnknown ? 400 : errorCodes[refusal.code].status
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(bodyOf(refusal))
  }

  /** Past the HTTP server: a refusal of a flood must cost as little as possible. */
  function writeRefusal(socket: TcpSocket, refusal: AppError | 'unknown session') {
    const status = refusal === 'unknown session' ? 400 : errorCodes[refusal.code].status
    const retryAfterMs = refusal === 'unknown session' ? undefined : refusal.details?.retryAfterMs
    const body = bodyOf(refusal)
    const own = [
      `HTTP/1.1 ${status} Refused`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    if (typeof retryAfterMs === 'number') own.push(`retry-after: ${Math.ceil(retryAfterMs / 1000)}`)
    socket.on('error', () => {})
    dropRequests(socket)
    socket.end(`${[...own, ...headerLines].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
  }

  return {
    claim: (request) => (request === null ? undefined : handshakes.get(request)),
  }
}

type Pass = () => void

/**
 * Runs `guard` before the server's own listeners, for requests under /socket.io/ only. It calls `pass` to let them have
 * the request.
 */
function wrap<A>(server: NodeServer, event: string, guard: (request: EngineRequest, to: A, pass: Pass) => void): void {
  const listeners = server.listeners(event) as ((request: EngineRequest, to: A, head?: Buffer) => void)[]
  server.removeAllListeners(event)
  server.on(event, (request: EngineRequest, to: A, head?: Buffer) => {
    const pass = () => {
      for (const listener of listeners) listener.call(server, request, to, head)
    }
    if (request.url?.startsWith(path)) guard(request, to, pass)
    else pass()
  })
}

/** Throws for a URL that no Socket.IO client sends. Stores the query on the request, where engine.io reads it. */
function queryOf(request: EngineRequest, isUpgrade: boolean): Record<string, string> {
  const url = request.url ?? ''
  if (url[path.length] !== '?') throw new AppError('not_found', 'Route not found.')
  if (url.length > maxUrlLength)
    throw new AppError('invalid_request', `Use a URL of at most ${maxUrlLength} characters.`)
  const query: Record<string, string> = Object.fromEntries(new URLSearchParams(url.slice(path.length + 1)))
  const { EIO, transport, j } = query
  if (EIO !== '4') throw new AppError('invalid_request', 'Use version 4 of the Engine.IO protocol: EIO=4.')
  if (j !== undefined) throw new AppError('invalid_request', 'JSONP is not supported.')
  if (transport !== 'polling' && transport !== 'websocket') {
    throw new AppError('invalid_request', 'Use the transport polling or websocket.')
  }
  if ((transport === 'websocket') !== isUpgrade) {
    throw new AppError('invalid_request', 'Use an upgrade request for websocket, and only for websocket.')
  }
  if (query.sid === '') throw new AppError('invalid_request', 'Leave sid out to open a session.')
  request._query = query
  return query
}

const maxUrlLength = 1_000

/** A script or image tag on another site's page sends no Origin, but sends this header. */
const isCrossSite = ({ headers }: IncomingMessage) => /^(cross-site|same-site)$/.test(String(headers['sec-fetch-site']))

/** The token, from the header or from a subprotocol: browsers cannot set headers on a WebSocket. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [, bearer] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '') ?? []
  const [, subprotocol] =
    /(?:^|[ ,])token\.([\w.-]{1,4096})(?:$|[ ,])/.exec(headers['sec-websocket-protocol'] ?? '') ?? []
  return bearer ?? subprotocol
}

function reasonOf({ code }: AppError): RefusalReason {
  return code === 'forbidden' || code === 'unauthorized' || code === 'rate_limited' || code === 'overloaded'
    ? code
    : 'invalid_request'
}

const isOverload = (outcome: AppError | 'unknown session'): outcome is AppError =>
  outcome instanceof AppError && (outcome.code === 'rate_limited' || outcome.code === 'overloaded')

const bodyOf = (refusal: AppError | 'unknown session') =>
  refusal === 'unknown session' ? unknownSession : JSON.stringify({ error: errorBody(refusal) })
