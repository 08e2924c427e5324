// Every request is answered once, and in time: whatever the database does to it or to those before it, the client hears within
// limits.responseMs that trying again may help. One sweep for all, since a timer for each costs as much as the rest of its wrapper.

import type { Reply } from '#protocol/errors.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { AppError, errorBody } from '../shared/errors.ts'
import type { Ack } from './socketio/request-interceptor.ts'

/** One answer that is owed, in a chain of all: a Set of what comes and goes with each message keeps V8 from forgetting it (see waiting-sends.ts). */
export interface PendingResponse {
  ack: Ack | null
  client: Client
  dueAt: number
  before: PendingResponse
  after: PendingResponse
}

/** While it does not read what was sent to it, its requests wait for it and not for us: their time begins when it has. */
interface Client {
  isBehind: boolean
}

export interface PendingResponses {
  /** Without an acknowledgement asked for, the request is done all the same. */
  owe(ack: Ack | null, client: Client): PendingResponse
  /** Answers, unless it was too late. */
  give(owed: PendingResponse, reply: Reply<unknown>): void
  stop(): void
}

export function createPendingResponses(): PendingResponses {
  /** Where the chain begins and ends; in it, in the order in which they are due. */
  const ends = { ack: null, dueAt: Number.POSITIVE_INFINITY } as PendingResponse
  ends.before = ends
  ends.after = ends

  const sweep = setInterval(() => {
    const now = performance.now()
    while (ends.after.dueAt <= now) {
      const first = ends.after
      if (first.client.isBehind) postpone(first, now)
      else give(first, { ok: false, error: errorBody(tooSlow()) })
    }
  }, serverLimits.responseSweepMs)

  function append(one: PendingResponse) {
    one.before = ends.before
    one.after = ends
    ends.before.after = one
    ends.before = one
  }

  function postpone(one: PendingResponse, now: number) {
    one.before.after = one.after
    one.after.before = one.before
    one.dueAt = now + limits.responseMs
    append(one)
  }

  function give(one: PendingResponse, reply: Reply<unknown>) {
    if (one.after === one) return
    one.before.after = one.after
    one.after.before = one.before
    // Given: it leads nowhere.
    one.before = one
    one.after = one
    one.ack?.(reply)
    one.ack = null
  }

  return {
    owe(ack, client) {
      const one = { ack, client, dueAt: performance.now() + limits.responseMs, before: ends, after: ends }
      append(one)
      return one
    },
    give,
    stop: () => clearInterval(sweep),
  }
}

const tooSlow = () => new AppError('unavailable', 'This takes longer than it should; try again.')
