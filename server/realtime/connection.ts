// One authenticated connection, and the handling that all its requests share: rate, shape, role, subscription, reply.
// No input of a client can throw past it.

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
import { assertBoundedJson } from '../shared/bounded-json.ts'
import { writeBounded } from '../shared/bounded-log.ts'
import { AppError, asAppError, errorBody } from '../shared/errors.ts'
import { logSecurity } from '../shared/security-log.ts'
import { checkPayload, tooLarge } from './check-payload.ts'
import { countRefusal } from './flood.ts'
import type { Ack, IncomingRequest } from './incoming-requests.ts'
import { createRequestQueue, type RequestQueue } from './request-queue.ts'
import { type RequestEntry, requests } from './requests.ts'
import type { PendingResponses } from './response-deadlines.ts'
import { conversationRoom, subscriptionRooms } from './rooms.ts'
import type { SlowConsumers } from './slow-consumers.ts'
import type { EngineSession } from './socketio/engine-sessions.ts'

export interface Connection {
  socket: Socket
  actor: Actor
  /** Expiry of its latest token, in milliseconds since 1970. */
  expiresAt: number
  session: EngineSession
  whenDrained: SlowConsumers['whenDrained']
  queue: RequestQueue
  refusals: Counter
  /** Of performance.now(). */
  lastRequestAt: number
  /** While a request that reads a page waits for the client to read its backlog. */
  isBacklogged: boolean
}

export function createConnection(
  parts: Pick<Connection, 'socket' | 'actor' | 'expiresAt' | 'session' | 'whenDrained'>,
): Connection {
  return {
    ...parts,
    queue: createRequestQueue(),
    refusals: createCounter(budgets.refusedRequests),
    lastRequestAt: performance.now(),
    isBacklogged: false,
  }
}

/** The envelope of a payload: a list of name and payload. Its own characters, with the acknowledgement id. */
const envelopeLevels = 1
const envelopeLength = 100

/** Decides before the packet is parsed. Replies when it refuses. */
export function admitRequest(app: App, connection: Connection, packet: string, at: number, ack: Ack | null): boolean {
  try {
    app.rates.consume('connectionRequests', connection.session.conn.id)
    if (packet.length > limits.requestBytes + envelopeLength) throw tooLarge()
    assertBoundedJson(packet, { from: at, envelope: envelopeLevels })
    return true
  } catch (error) {
    ack?.({ ok: false, error: toErrorBody(app, connection, null, error) })
    return false
  }
}

/** Entry point of every request that was admitted. `isStopping` is set while the process shuts down. */
export function receiveRequest(
  app: App,
  responses: PendingResponses,
  connection: Connection,
  { name, payload, ack }: IncomingRequest,
  isStopping: boolean,
): void {
  connection.lastRequestAt = performance.now()
  try {
    if (isStopping) throw new AppError('unavailable', 'The server is shutting down; reconnect.')
    if (!isRequestName(name)) throw new AppError('invalid_request', 'Unknown request name.')
    if (connection.queue.size() >= limits.requestsPerConnection) {
      throw new AppError('overloaded', 'Too many pending requests on this connection; wait for replies.')
    }
    enqueueRequest(app, responses, connection, name, payload ?? undefined, ack)
  } catch (error) {
    ack?.({ ok: false, error: toErrorBody(app, connection, name, error) })
  }
}

const isRequestName = (name: unknown): name is RequestName => typeof name === 'string' && Object.hasOwn(requests, name)

function enqueueRequest<N extends RequestName>(
  app: App,
  responses: PendingResponses,
  connection: Connection,
  name: N,
  payload: unknown,
  ack: Ack | null,
) {
  const entry = requests[name] as unknown as RequestEntry<N>
  // The deadline includes the time in the queue. A request that misses it keeps its queue entry until it has run.
  const pending = responses.add(ack, connection)
  connection.queue.enqueue(entry.concurrent === true, async () => {
    try {
      const run = () => dispatch(app, connection, name, entry, payload)
      if (entry.readsPage) await waitUntilDrained(connection)
      const data = await (entry.readsPage ? app.pageReads.run(connection.actor.userId, run) : run())
      responses.settle(pending, { ok: true, data })
    } catch (error) {
      responses.settle(pending, { ok: false, error: toErrorBody(app, connection, name, error) })
    }
  })
}

/** A page for a backlogged client would only wait in memory, so it is not read yet. */
async function waitUntilDrained(connection: Connection): Promise<void> {
  const drained = connection.whenDrained(connection.session)
  if (drained === null) return
  connection.isBacklogged = true
  await drained
  connection.isBacklogged = false
}

function dispatch<N extends RequestName>(
  app: App,
  connection: Connection,
  name: N,
  entry: RequestEntry<N>,
  rawPayload: unknown,
): Promise<RequestReplies[N]> {
  const { actor } = connection
  // The connection closed while the request was queued.
  if (actor.isEnded) throw unauthorized()
  const payload = checkPayload(name, rawPayload)
  if (!entry.roles.includes(actor.role)) throw new AppError('forbidden', `Your role may not call ${name}.`)
  const changesConnection = entry.subscribes ?? entry.subscribesTo ?? entry.unsubscribes ?? entry.renews
  return changesConnection
    ? dispatchWithSubscription(app, connection, entry, payload)
    : entry.handle(app, actor, payload)
}

/** For requests that change the connection's subscriptions or its expiry. */
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

/**
 * Joins before the request reads, so that it misses no event. The check comes first: no other actor is ever in the
 * room. Returns the undo.
 */
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

function toErrorBody(app: App, connection: Connection, name: unknown, error: unknown): ErrorBody {
  const { actor } = connection
  const { code } = asAppError(error)
  if (code === 'rate_limited') countRefusal(app, connection)
  const request = isRequestName(name) ? name : undefined
  if (code === 'internal') {
    const kind = `request_failed ${request} ${errnoOf(error)}`
    writeBounded(app, { kind, budget: 'failureLogLines' }, () =>
      app.log.error({ err: error, request }, 'request failed'),
    )
  }
  if (code === 'forbidden') logSecurity(app, 'forbidden', { userId: actor.userId, what: request })
  return errorBody(error)
}
