// One authenticated connection: who it is, until when, and its requests in their turns. The wrapper around every request is here: shape,
// role, rate, subscription, answer. Nothing a client sends can throw past it.

import type { Socket } from 'socket.io'
import { errnoOf } from '#db/core/errors.ts'
import type { ErrorBody } from '#protocol/errors.ts'
import { limits } from '#protocol/limits/wire.ts'
import type { RequestName, RequestPayloads, RequestReplies } from '#protocol/requests.ts'
import { unauthorized } from '../auth/tokens.ts'
import { budgets } from '../budgets/budgets.ts'
import { type Counter, createCounter } from '../budgets/counter.ts'
import type { App } from '../context.ts'
import { assertVisible } from '../conversation-state/assert-visible.ts'
import type { Actor } from '../shared/actor.ts'
import { writeBounded } from '../shared/bounded-log.ts'
import { AppError, asAppError, errorBody } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { checkPayload } from './check-payload.ts'
import { countRefusal } from './flood.ts'
import { createRequestQueue, type RequestQueue } from './request-queue.ts'
import { type RequestEntry, requests } from './requests.ts'
import type { PendingResponses } from './response-deadlines.ts'
import { conversationRoom, subscriptionRooms } from './rooms.ts'
import type { SlowConsumers } from './slow-consumers.ts'
import type { EngineSession } from './socketio/engine-sessions.ts'
import type { Ack, Incoming } from './socketio/request-interceptor.ts'

export interface Connection {
  socket: Socket
  actor: Actor
  /** When the token it was opened or renewed with ends, in milliseconds since 1970. */
  expiresAt: number
  session: EngineSession
  roomForPage: SlowConsumers['roomForPage']
  turns: RequestQueue
  refusals: Counter
  /** While a request that reads a page waits for the client to read. */
  isBehind: boolean
}

export function createConnection(
  parts: Pick<Connection, 'socket' | 'actor' | 'expiresAt' | 'session' | 'roomForPage'>,
): Connection {
  return { ...parts, turns: createRequestQueue(), refusals: createCounter(budgets.refusedRequests), isBehind: false }
}

/** Takes one request off the wire. `refusing` is set while the process stops. */
export function receive(
  app: App,
  answers: PendingResponses,
  connection: Connection,
  { name, payload, ack }: Incoming,
  refusing: boolean,
): void {
  try {
    app.rates.consume('connectionRequests', connection.socket.id)
    if (refusing) throw new AppError('unavailable', 'This server is about to stop.')
    if (!isRequestName(name)) throw new AppError('invalid_request', 'There is no such request.')
    if (connection.turns.pending() >= limits.requestsPerConnection) {
      throw new AppError('overloaded', 'Too many requests of this connection wait for an answer.')
    }
    take(app, answers, connection, name, payload ?? undefined, ack)
  } catch (error) {
    ack?.({ ok: false, error: body(app, connection, name, error) })
  }
}

const isRequestName = (name: unknown): name is RequestName => typeof name === 'string' && Object.hasOwn(requests, name)

function take<N extends RequestName>(
  app: App,
  answers: PendingResponses,
  connection: Connection,
  name: N,
  payload: unknown,
  ack: Ack | null,
) {
  const entry = requests[name] as unknown as RequestEntry<N>
  // Owed from now on, also while it waits for its turn, which is kept until the work ends.
  const owed = answers.owe(ack, connection)
  connection.turns.run(entry.pipelines === true, async () => {
    try {
      if (entry.readsPage) await waitForRoom(connection)
      answers.give(owed, { ok: true, data: await handle(app, connection, name, entry, payload) })
    } catch (error) {
      answers.give(owed, { ok: false, error: body(app, connection, name, error) })
    }
  })
}

/** A page is not read while the client has not read what was sent before: it would wait in memory. */
async function waitForRoom(connection: Connection): Promise<void> {
  const room = connection.roomForPage(connection.session)
  if (room === null) return
  connection.isBehind = true
  await room
  connection.isBehind = false
}

function handle<N extends RequestName>(
  app: App,
  connection: Connection,
  name: N,
  entry: RequestEntry<N>,
  rawPayload: unknown,
): Promise<RequestReplies[N]> {
  const { actor } = connection
  // What waited for its turn until the connection was ended is dropped.
  if (actor.isEnded) throw unauthorized()
  const payload = checkPayload(name, rawPayload)
  if (!entry.roles.includes(actor.role)) throw new AppError('forbidden', `${name} is not for your role.`)
  const changesConnection = entry.subscribes ?? entry.subscribesTo ?? entry.unsubscribes ?? entry.renews
  return changesConnection
    ? dispatchWithSubscription(app, connection, entry, payload)
    : entry.handle(app, actor, payload)
}

/** What the request changes of the connection itself: what it is subscribed to, until when it is good. */
async function dispatchWithSubscription<N extends RequestName>(
  app: App,
  connection: Connection,
  entry: RequestEntry<N>,
  payload: RequestPayloads[N],
): Promise<RequestReplies[N]> {
  const { actor, socket } = connection
  const undo = entry.subscribes ? await subscribe(app, connection, entry.subscribes(payload)) : null
  try {
    const data = await entry.handle(app, actor, payload)
    if (entry.subscribesTo) await socket.join(subscriptionRooms(actor, entry.subscribesTo(data)))
    if (entry.unsubscribes) await unsubscribe(connection, entry.unsubscribes(payload))
    if (entry.renews) connection.expiresAt = app.now() + (data as { expiresIn: number }).expiresIn * 1000
    return data
  } catch (error) {
    await undo?.()
    throw error
  }
}

/** Joins before the request reads. Who may not see the conversation never is in its room, not even for the moment it takes to find out. */
async function subscribe(app: App, connection: Connection, conversationId: number): Promise<() => Promise<void>> {
  const { actor, socket } = connection
  if (socket.rooms.has(conversationRoom(conversationId))) return async () => {}
  await assertVisible(app, actor, conversationId)
  await socket.join(subscriptionRooms(actor, conversationId))
  return () => unsubscribe(connection, conversationId)
}

async function unsubscribe({ actor, socket }: Connection, conversationId: number): Promise<void> {
  for (const room of subscriptionRooms(actor, conversationId)) await socket.leave(room)
}

function body(app: App, connection: Connection, name: unknown, error: unknown): ErrorBody {
  const { actor } = connection
  const { code } = asAppError(error)
  if (code === 'rate_limited') countRefusal(app, connection)
  const request = isRequestName(name) ? name : undefined
  if (code === 'internal') {
    const kind = `request_failed ${request} ${errnoOf(error)}`
    writeBounded(app, { kind, budget: 'failureLines' }, () => app.log.error({ err: error, request }, 'request failed'))
  }
  if (code === 'forbidden') logSecurity(app, 'forbidden', { userId: actor.userId, what: request })
  return errorBody(error)
}
