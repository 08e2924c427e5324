// A program that talks to Kefu over a real socket: requests with their answers, and every event it was told, in order.

import { io, type Socket } from 'socket.io-client'
import type { ErrorCode, Reply } from '#protocol/errors.ts'
import type { EventName, ServerEvents } from '#protocol/events.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { assertEvent, assertReply } from './protocol-checks.ts'

export interface PublishedState<E extends EventName = EventName> {
  event: E
  data: ServerEvents[E]
}

export interface Client {
  socket: Socket
  told: PublishedState[]
  /** The whole answer. */
  ask<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<Reply<RequestReplies[N]>>
  /** The data of an answer that must be ok. */
  request<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<RequestReplies[N]>
  /** The code of an answer that must be an error. */
  refused<N extends RequestName>(name: N, payload: RequestPayloads[N]): Promise<ErrorCode>
  /** The first event that fits, told already or still to come; each is given once. */
  next<E extends EventName>(event: E, fits?: (data: ServerEvents[E]) => boolean): Promise<ServerEvents[E]>
  /** All of this name told so far. */
  all<E extends EventName>(event: E): ServerEvents[E][]
  close(): void
}

const checkEvent = async (event: string, data: unknown) => assertEvent(event, data)

const waitAtMostMs = 20_000

/** Resolves when connected; rejects with the connection error, whose `data` is Kefu's. */
export async function connectClient(
  url: string,
  token: string,
  options: { origin?: string; transports?: ('websocket' | 'polling')[] } = {},
): Promise<Client> {
  const socket = io(url, {
    auth: { token },
    forceNew: true,
    reconnection: false,
    transports: options.transports ?? ['websocket'],
    ...(options.origin === undefined ? {} : { extraHeaders: { origin: options.origin } }),
  })
  const client = wrap(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', (error) => {
      socket.close()
      reject(error)
    })
  })
  return client
}

function wrap(socket: Socket): Client {
  const told: PublishedState[] = []
  const taken = new Set<PublishedState>()
  const waiting = new Set<() => void>()
  socket.onAny((event: string, data: unknown) => {
    told.push({ event, data } as PublishedState)
    // Rejects unhandled, which fails the test run: the listener has no caller.
    void checkEvent(event, data)
    for (const look of [...waiting]) look()
  })

  const ask: Client['ask'] = async (name, payload) => {
    const reply = await socket.timeout(waitAtMostMs).emitWithAck(name, payload)
    if (reply.ok) assertReply(name, reply.data)
    return reply
  }

  return {
    socket,
    told,
    ask,
    async request(name, payload) {
      const reply = await ask(name, payload)
      if (!reply.ok) throw Object.assign(new Error(`${name}: ${reply.error.code} ${reply.error.message}`), reply.error)
      return reply.data
    },
    async refused(name, payload) {
      const reply = await ask(name, payload)
      if (reply.ok) throw new Error(`${name} was answered ok`)
      return reply.error.code
    },
    next(event, fits = () => true) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = told.find((one) => one.event === event && !taken.has(one) && fits(one.data as never))
          if (!found) return
          taken.add(found)
          waiting.delete(look)
          clearTimeout(timer)
          resolve(found.data as never)
        }
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`not told ${event}; told: ${told.map((one) => one.event).join(', ')}`))
        }, waitAtMostMs)
        waiting.add(look)
        look()
      })
    },
    all: (event) => told.filter((one) => one.event === event).map((one) => one.data as never),
    close: () => socket.close(),
  }
}
