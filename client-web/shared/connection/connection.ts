// The page's connection to the server: typed requests and events, a state signal, and automatic reconnects.
// Socket.IO does not reconnect after a rejected handshake; here every attempt renews the token if necessary.

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
  /** since: milliseconds, as in Date.now(). */
  | { phase: 'offline'; since: number }
  /** The session is over: log in again, or start a new session. */
  | { phase: 'unauthorized' }

export interface ConnectionOptions {
  /** The current token, or null. Called before every attempt, so that the token is stored in one place. */
  getToken: () => AccessToken | null
  /**
   * Renews the token that getToken returns. Throws a RequestError;
   * a retryable one means that the session is still valid.
   */
  renewToken: () => Promise<AccessToken>
  onUnauthorized: (error: RequestError) => void
  /** Defaults to the page's origin. */
  url?: string
}

export interface Connection {
  state: ReadonlySignal<ConnectionState>
  /**
   * Rejects with a RequestError, immediately if there is no connection; the caller
   * decides what to store and retry. A request without a connection triggers a reconnect.
   */
  request<N extends RequestName>(name: N, payload: RequestPayloads[N], deadlineMs?: number): Promise<RequestReplies[N]>
  /**
   * The listener runs when the database may have lost changes that this page holds: discard it and load it again.
   * Returns a function that removes the listener.
   */
  onNewEpoch(listener: () => void): () => void
  /** Returns a function that removes the listener. */
  on<E extends EventName>(event: E, listener: (data: ServerEvents[E]) => void): () => void
  /** Closes the connection for good. */
  close(): void
}

/** A token with less time left is renewed before it is sent. */
const almostExpiredMs = 30_000
const requestDeadlineMs = 10_000
/** Minimum time between attempts, however often requests trigger them. */
const minWakeIntervalMs = 250

/** The network or the user may be back. */
const wakeEvents = ['online', 'focus', 'pageshow', 'visibilitychange']

const isVisible = () => globalThis.document?.visibilityState !== 'hidden'

export function createConnection({ getToken, renewToken, onUnauthorized, url }: ConnectionOptions): Connection {
  const state = signal<ConnectionState>({ phase: 'connecting' })
  let isTokenRejected = false
  let isClosed = false
  /** While this page reconnects because the server asked it to. Nothing has failed, so the state stays online. */
  let moving: { promise: Promise<void>; end: () => void } | null = null
  let tries = 0
  let isAttempting = false
  let earliestAttempt = 0
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let renewTimer: ReturnType<typeof setTimeout> | undefined

  const options = {
    autoConnect: false,
    reconnection: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    // After this time a stalled WebSocket counts as failed; the next attempt starts with polling.
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
    auth: (callback: (auth: { token: string }) => void) => callback({ token: getToken()?.token ?? '' }),
  }
  let epoch: string | null = null
  const newEpochListeners = new Set<() => void>()
  const socket: Socket = url === undefined ? io(options) : io(url, options)

  async function attempt(): Promise<void> {
    clearTimeout(retryTimer)
    if (isClosed || isAttempting || socket.connected) return
    isAttempting = true
    try {
      const current = getToken()
      if (current === null || isTokenRejected || current.expiresAt - Date.now() < almostExpiredMs) await renewToken()
      isTokenRejected = false
      // Browsers add no header to a WebSocket. With the token its handshake counts for its user and not for the
      // address.
      socket.io.opts.protocols = ['kefu', `token.${getToken()?.token ?? ''}`]
      if (!isClosed) socket.connect()
      else isAttempting = false
    } catch (error) {
      isAttempting = false
      if (isFinal(error)) failUnauthorized(error)
      else retryLater(error)
    }
  }

  function startMoving(): void {
    let end = () => {}
    const promise = new Promise<void>((resolve) => {
      end = resolve
    })
    moving = { promise, end }
  }

  function endMoving(): void {
    moving?.end()
    moving = null
  }

  function onDisconnect(reason: unknown): void {
    isAttempting = false
    if (moving === null || isClosed) retryLater(reason)
    else void attempt()
  }

  function retryLater(error: unknown): void {
    isAttempting = false
    endMoving()
    if (isClosed) return
    clearTimeout(renewTimer)
    if (state.value.phase !== 'offline') state.value = { phase: 'offline', since: Date.now() }
    tries++
    // Alternate transports: where WebSockets fail, start with polling and upgrade if possible.
    socket.io.opts.transports = tries % 2 === 0 ? ['websocket', 'polling'] : ['polling', 'websocket']
    const retryAfterMs = error instanceof RequestError ? error.retryAfterMs : null
    earliestAttempt = Date.now() + (retryAfterMs ?? minWakeIntervalMs)
    clearTimeout(retryTimer)
    retryTimer = setTimeout(attempt, Math.max(retryAfterMs ?? 0, reconnectMs(tries, isVisible())))
  }

  function failUnauthorized(error: RequestError): void {
    if (isClosed) return
    close()
    state.value = { phase: 'unauthorized' }
    onUnauthorized(error)
  }

  function renewBeforeExpiry(): void {
    clearTimeout(renewTimer)
    const remainingMs = (getToken()?.expiresAt ?? 0) - Date.now()
    renewTimer = setTimeout(renew, Math.max(1_000, remainingMs - Math.max(almostExpiredMs, remainingMs / 5)))
  }

  async function renew(): Promise<void> {
    try {
      const { token } = await renewToken()
      await request('session:renew', { token })
      renewBeforeExpiry()
    } catch (error) {
      if (isFinal(error)) failUnauthorized(error)
      else if (!isClosed) renewTimer = setTimeout(renew, backoffMs(4))
    }
  }

  function request<N extends RequestName>(
    name: N,
    payload: RequestPayloads[N],
    deadlineMs = requestDeadlineMs,
  ): Promise<RequestReplies[N]> {
    if (!socket.connected && moving !== null) return moving.promise.then(() => request(name, payload, deadlineMs))
    if (!socket.connected) {
      wake()
      return Promise.reject(RequestError.offline())
    }
    return new Promise((resolve, reject) => {
      socket.timeout(deadlineMs).emit(name, payload, (failure: Error | null, reply: Reply<RequestReplies[N]>) => {
        // A node that asks a page to move has taken up none of its open requests.
        if (failure !== null && moving !== null) resolve(moving.promise.then(() => request(name, payload, deadlineMs)))
        else if (failure !== null) reject(socket.connected ? RequestError.timeout() : RequestError.offline())
        else if (reply.ok) resolve(reply.data)
        else reject(RequestError.from(reply.error))
      })
    })
  }

  function on<E extends EventName>(event: E, listener: (data: ServerEvents[E]) => void): () => void {
    const handler = listener as (...data: unknown[]) => void
    socket.on(event as string, handler)
    return () => void socket.off(event as string, handler)
  }

  /** The network is back, the page is visible again, or a request was made: do not wait for the timer. */
  function wake(): void {
    if (!isAttempting && isVisible() && Date.now() >= earliestAttempt) void attempt()
  }

  function close(): void {
    isClosed = true
    endMoving()
    clearTimeout(retryTimer)
    clearTimeout(renewTimer)
    for (const event of wakeEvents) globalThis.removeEventListener?.(event, wake)
    socket.disconnect()
  }

  socket.on('connect', () => {
    isAttempting = false
    endMoving()
    tries = 0
    socket.io.opts.transports = ['websocket', 'polling']
    state.value = { phase: 'online' }
    renewBeforeExpiry()
  })
  socket.on('connect_error', (error: Error & { data?: { code?: string; retryAfterMs?: number } }) => {
    if (error.data?.code === 'unauthorized') isTokenRejected = true
    const { retryAfterMs } = error.data ?? {}
    retryLater(retryAfterMs ? new RequestError('rate_limited', error.message, true, { retryAfterMs }) : error)
  })
  socket.on('disconnect', onDisconnect)
  on('connection:closing', ({ reason }) => {
    if (reason === 'expired' || reason === 'revoked') isTokenRejected = true
    if (reason === 'rebalance') startMoving()
  })
  on('epoch:changed', ({ epoch: current }) => {
    const isNew = epoch !== null && epoch !== current
    epoch = current
    if (isNew) for (const listener of newEpochListeners) listener()
  })
  for (const event of wakeEvents) globalThis.addEventListener?.(event, wake)
  void attempt()

  return {
    state,
    request,
    onNewEpoch(listener) {
      newEpochListeners.add(listener)
      return () => void newEpochListeners.delete(listener)
    },
    on,
    close,
  }
}

function isFinal(error: unknown): error is RequestError {
  return error instanceof RequestError && !error.retryable
}
