// A Socket.IO client on its own network link. It reconnects by itself with a valid token, as browsers do.

import { io } from 'socket.io-client'
import type { ErrorCode, Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import type { Relay } from '../support/relay.ts'
import type { Account } from './account.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'

/** lost: no reply came, so the effect of the request is unknown. */
export type Outcome<T> =
  | { kind: 'ok'; data: T }
  | { kind: 'refused'; code: ErrorCode; retryable: boolean; details: unknown }
  | { kind: 'lost' }

export interface ChaosClient {
  account: Account
  relay: Relay
  isOnline(): boolean
  request<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<Outcome<RequestReplies[N]>>
  on<E extends EventName>(event: E, listener: (data: ServerEvents[E]) => void): void
  /** Calls the listener at each connect, and immediately when already connected. */
  onOnline(listener: () => void): void
  close(): void
}

const requestDeadlineMs = 10_000
const connectDeadlineMs = 3_000
const renewEveryMs = 15_000
const renewAgainMs = 1_000
/** Short, so that clients spend most of a run connected. */
const maxPauseMs = 400

export function connectChaosClient(account: Account, relay: Relay, journal: Journal, random: Random): ChaosClient {
  const socket = io(relay.url, {
    autoConnect: false,
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    timeout: connectDeadlineMs,
    auth: (give) => give({ token: account.token() }),
  })
  let isClosed = false
  let isStale = false
  let tries = 0
  let timer: NodeJS.Timeout | undefined

  async function attempt() {
    try {
      if (isStale || tries % 5 === 4) await account.renew()
      isStale = false
      if (!isClosed) socket.connect()
    } catch (error) {
      journal.note('cannot renew', { userId: account.id, why: String(error) })
      retry()
    }
  }

  function retry() {
    if (isClosed) return
    tries += 1
    clearTimeout(timer)
    timer = setTimeout(attempt, Math.min(maxPauseMs, 50 * 2 ** tries) * (0.5 + random.next() / 2))
  }

  socket.on('connect', () => {
    tries = 0
    journal.count('connects')
    journal.note('connects', { userId: account.id })
  })
  socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
    journal.note('cannot connect', { userId: account.id, why: error.message })
    if (error.data?.code === 'unauthorized') isStale = true
    retry()
  })
  socket.on('disconnect', (reason) => {
    journal.count(`disconnects: ${reason}`)
    journal.note('disconnects', { userId: account.id, reason })
    retry()
  })
  let renewal = setTimeout(renew, renewEveryMs)

  /** Retries soon after a lost reply: a connection ends with its token. */
  async function renew() {
    const token = await account.renew().catch(() => null)
    if (isClosed) return
    renewal = setTimeout(renew, token === null ? renewAgainMs : renewEveryMs)
    if (token !== null && socket.connected) await request('session:renew', { token })
  }

  void attempt()

  async function request<N extends RequestName>(
    name: N,
    payload: RequestPayloads[N],
  ): Promise<Outcome<RequestReplies[N]>> {
    if (!socket.connected) return { kind: 'lost' }
    const from = performance.now()
    try {
      const reply: Reply<RequestReplies[N]> = await socket.timeout(requestDeadlineMs).emitWithAck(name, payload)
      journal.replies.push({ request: name, from, to: performance.now(), error: reply.ok ? null : reply.error.code })
      if (reply.ok) return { kind: 'ok', data: reply.data }
      const { code, retryable, details } = reply.error
      return { kind: 'refused', code, retryable, details }
    } catch {
      if (socket.connected) {
        journal.count(`no reply on an open connection: ${name}`)
        journal.note('no reply', { userId: account.id, request: name, since: Math.round(from) })
      }
      return { kind: 'lost' }
    }
  }

  return {
    account,
    relay,
    isOnline: () => socket.connected,
    request,
    on: (event, listener) => void socket.on(event as string, listener as (...data: unknown[]) => void),
    onOnline(listener) {
      socket.on('connect', listener)
      if (socket.connected) listener()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      clearTimeout(renewal)
      socket.disconnect()
      relay.close()
    },
  }
}
