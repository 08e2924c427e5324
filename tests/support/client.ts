// A client program over a real socket: requests with their replies, and every event it received, in order.

import { io, type Socket } from 'socket.io-client'
import type { ErrorCode, Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { assertEvent, assertReply } from './protocol-checks.ts'

export interface ReceivedEvent<E extends EventName = EventName> {
  event: E
  data: ServerEvents[E]
}

export interface Client {
  socket: Socket
  received: ReceivedEvent[]
  /** The whole reply. */
  ask<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<Reply<RequestReplies[N]>>
  /** The data of a reply that must be ok. */
  request<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<RequestReplies[N]>
  /** The code of a reply that must be an error. */
  refused<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<ErrorCode>
  /** The first matching event, already received or still to come; each is returned once. */
  next<E extends EventName>(event: E, matches?: (data: ServerEvents[E]) => boolean): Promise<ServerEvents[E]>
  /** All events of this name so far. */
  all<E extends EventName>(event: E): ServerEvents[E][]
  close(): void
}

const checkEvent = async (event: string, data: unknown) => assertEvent(event, data)

const timeoutMs = 20_000

export interface ClientOptions {
  origin?: string
  transports?: ('websocket' | 'polling')[]
  /** False where a test publishes events of other shapes itself. */
  checksEvents?: boolean
}

/** Resolves when connected; rejects with the connection error, whose `data` is Kefu's. */
export async function connectClient(url: string, token: string, options: ClientOptions = {}): Promise<Client> {
  const socket = io(url, {
    auth: { token },
    forceNew: true,
    reconnection: false,
    transports: options.transports ?? ['websocket'],
    ...(options.origin === undefined ? {} : { extraHeaders: { origin: options.origin } }),
  })
  const client = wrap(socket, options.checksEvents ?? true)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', (error) => {
      socket.close()
      reject(error)
    })
  })
  return client
}

function wrap(socket: Socket, checksEvents: boolean): Client {
  const received: ReceivedEvent[] = []
  const returned = new Set<ReceivedEvent>()
  const waiting = new Set<() => void>()
  socket.onAny((event: string, data: unknown) => {
    received.push({ event, data } as ReceivedEvent)
    // Rejects unhandled, which fails the test run: the listener has no caller.
    if (checksEvents) void checkEvent(event, data)
    for (const check of [...waiting]) check()
  })

  const ask: Client['ask'] = async (name, payload) => {
    const reply = await socket.timeout(timeoutMs).emitWithAck(name, payload)
    if (reply.ok) assertReply(name, reply.data)
    return reply
  }

  return {
    socket,
    received,
    ask,
    async request(name, payload) {
      const reply = await ask(name, payload)
      if (!reply.ok) throw Object.assign(new Error(`${name}: ${reply.error.code} ${reply.error.message}`), reply.error)
      return reply.data
    },
    async refused(name, payload) {
      const reply = await ask(name, payload)
      if (reply.ok) throw new Error(`${name} succeeded unexpectedly`)
      return reply.error.code
    },
    next(event, matches = () => true) {
      return new Promise((resolve, reject) => {
        const check = () => {
          const found = received.find((one) => one.event === event && !returned.has(one) && matches(one.data as never))
          if (!found) return
          returned.add(found)
          waiting.delete(check)
          clearTimeout(timer)
          resolve(found.data as never)
        }
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new Error(`no ${event} event; received: ${received.map((one) => one.event).join(', ')}`))
        }, timeoutMs)
        waiting.add(check)
        check()
      })
    },
    all: (event) => received.filter((one) => one.event === event).map((one) => one.data as never),
    close: () => socket.close(),
  }
}
