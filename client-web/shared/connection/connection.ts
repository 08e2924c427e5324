// The one connection of a page to the server: typed requests and events, a state to show, and coming back by itself.
// It reconnects on its own terms (Socket.IO does not after a refusal), always with a token that is still good.

import { type ReadonlySignal, signal } from '@preact/signals'
import { io, type Socket } from 'socket.io-client'
import type { Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { AccessToken } from './access-token.ts'
import { backoffMs, reconnectMs } from './backoff.ts'
import { RequestError } from './request-error.ts'

export type ConnectionState =
  | { phase: 'connecting' }
  | { phase: 'online' }
  /** since: milliseconds, as Date.now() counts. */
  | { phase: 'offline'; since: number }
  /** The session is over: somebody has to log in, or a new session has to be made. */
  | { phase: 'refused' }

export interface ConnectionOptions {
  /** The token held now, or null; asked before every attempt, so it is kept in one place only. */
  getToken: () => AccessToken | null
  /** Gets a new token and keeps it for getToken. Throws a RequestError: retryable or not tells whether the session is over. */
  renewToken: () => Promise<AccessToken>
  onUnauthorized: (error: RequestError) => void
  /** Where the server is; the page's own origin if left out. */
  url?: string
}

export interface Connection {
  state: ReadonlySignal<ConnectionState>
  /**
   * Rejects with a RequestError; never waits for a connection to come, so the caller decides what to keep. Without one it is a reason to
   * try again to connect.
   */
  request<N extends RequestName>(name: N, payload: RequestPayloads[N], deadlineMs?: number): Promise<RequestReplies[N]>
  /** Answers its undo. */
  on<E extends EventName>(event: E, hear: (data: ServerEvents[E]) => void): () => void
  /** Ends the connection for good. */
  close(): void
}

/** A token with less than this left is renewed before it is shown to the server. */
const almostExpiredMs = 30_000
const requestDeadlineMs = 10_000
/** However often somebody asks for something, tries to connect are this far apart. */
const betweenWakesMs = 250

/** Of a network that is back, or of a person who is. */
const signs = ['online', 'focus', 'pageshow', 'visibilitychange']

const isSeen = () => globalThis.document?.visibilityState !== 'hidden'

export function createConnection({ getToken, renewToken, onUnauthorized, url }: ConnectionOptions): Connection {
  const state = signal<ConnectionState>({ phase: 'connecting' })
  let isStale = false
  let isOver = false
  let tries = 0
  let attempting = false
  let notBefore = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let renewTimer: ReturnType<typeof setTimeout> | undefined

  const options = {
    autoConnect: false,
    reconnection: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    // A WebSocket that hangs is given up after this long; the next attempt begins with polling.
    timeout: 8_000,
    // Polling shows the token with every request: the id of its session in the URL alone lets nobody in.
    transportOptions: {
      polling: {
        extraHeaders: {
          get authorization() {
            return `Bearer ${getToken()?.token ?? ''}`
          },
        },
      },
    },
    auth: (give: (auth: { token: string }) => void) => give({ token: getToken()?.token ?? '' }),
  }
  const socket: Socket = url === undefined ? io(options) : io(url, options)

  async function attempt(): Promise<void> {
    clearTimeout(retryTimer)
    if (isOver || attempting || socket.connected) return
    attempting = true
    try {
      const held = getToken()
      if (held === null || isStale || held.expiresAt - Date.now() < almostExpiredMs) await renewToken()
      isStale = false
      // Browsers add no header to a WebSocket. With the token its handshake counts for its user and not for the address.
      socket.io.opts.protocols = ['kefu', `token.${getToken()?.token ?? ''}`]
      if (!isOver) socket.connect()
      else attempting = false
    } catch (error) {
      attempting = false
      if (isRefusal(error)) refuse(error)
      else retryLater(error)
    }
  }

  function retryLater(error: unknown): void {
    attempting = false
    if (isOver) return
    clearTimeout(renewTimer)
    if (state.value.phase !== 'offline') state.value = { phase: 'offline', since: Date.now() }
    tries++
    // Where WebSockets hang or are cut, the next attempt begins with polling and upgrades if it can.
    socket.io.opts.transports = tries % 2 === 0 ? ['websocket', 'polling'] : ['polling', 'websocket']
    const asked = error instanceof RequestError ? error.retryAfterMs : null
    notBefore = Date.now() + (asked ?? betweenWakesMs)
    clearTimeout(retryTimer)
    retryTimer = setTimeout(attempt, Math.max(asked ?? 0, reconnectMs(tries, isSeen())))
  }

  function refuse(error: RequestError): void {
    if (isOver) return
    close()
    state.value = { phase: 'refused' }
    onUnauthorized(error)
  }

  function renewBeforeExpiry(): void {
    clearTimeout(renewTimer)
    const left = (getToken()?.expiresAt ?? 0) - Date.now()
    renewTimer = setTimeout(renew, Math.max(1_000, left - Math.max(almostExpiredMs, left / 5)))
  }

  async function renew(): Promise<void> {
    try {
      const { token } = await renewToken()
      await request('session:renew', { token })
      renewBeforeExpiry()
    } catch (error) {
      if (isRefusal(error)) refuse(error)
      else if (!isOver) renewTimer = setTimeout(renew, backoffMs(4))
    }
  }

  function request<N extends RequestName>(
    name: N,
    payload: RequestPayloads[N],
    deadlineMs = requestDeadlineMs,
  ): Promise<RequestReplies[N]> {
    if (!socket.connected) {
      wake()
      return Promise.reject(RequestError.offline())
    }
    return new Promise((resolve, reject) => {
      socket.timeout(deadlineMs).emit(name, payload, (failure: Error | null, reply: Reply<RequestReplies[N]>) => {
        if (failure !== null) reject(socket.connected ? RequestError.timeout() : RequestError.offline())
        else if (reply.ok) resolve(reply.data)
        else reject(RequestError.from(reply.error))
      })
    })
  }

  function on<E extends EventName>(event: E, hear: (data: ServerEvents[E]) => void): () => void {
    const listener = hear as (...data: unknown[]) => void
    socket.on(event as string, listener)
    return () => void socket.off(event as string, listener)
  }

  /** The network is back, or somebody looks again or wants something: no reason to wait for the timer. */
  function wake(): void {
    if (!attempting && isSeen() && Date.now() >= notBefore) void attempt()
  }

  function close(): void {
    isOver = true
    clearTimeout(retryTimer)
    clearTimeout(renewTimer)
    for (const sign of signs) globalThis.removeEventListener?.(sign, wake)
    socket.disconnect()
  }

  socket.on('connect', () => {
    attempting = false
    tries = 0
    socket.io.opts.transports = ['websocket', 'polling']
    state.value = { phase: 'online' }
    renewBeforeExpiry()
  })
  socket.on('connect_error', (error: Error & { data?: { code?: string; retryAfterMs?: number } }) => {
    if (error.data?.code === 'unauthorized') isStale = true
    const { retryAfterMs } = error.data ?? {}
    retryLater(retryAfterMs ? new RequestError('rate_limited', error.message, true, { retryAfterMs }) : error)
  })
  socket.on('disconnect', retryLater)
  on('connection:closing', ({ reason }) => {
    if (reason === 'expired' || reason === 'revoked') isStale = true
  })
  for (const sign of signs) globalThis.addEventListener?.(sign, wake)
  void attempt()

  return { state, request, on, close }
}

function isRefusal(error: unknown): error is RequestError {
  return error instanceof RequestError && !error.retryable
}
