// Answers every request exactly once: with its own reply, or with a retryable error when limits.responseMs has passed.
// One sweep serves all requests, since a timer for each costs as much as the rest of the request's overhead.

import type { Reply } from '#protocol/errors.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { AppError, errorBody } from '../shared/errors.ts'
import type { Ack } from './incoming-requests.ts'

/** A linked list node: V8 would keep the old tables of a Set that changes with every message (see send-queue.ts). */
export interface PendingResponse {
  ack: Ack | null
  client: Client
  dueAt: number
  prev: PendingResponse
  next: PendingResponse
}

/** While a client is backlogged its requests wait for it, not for the server, so their deadline is postponed. */
interface Client {
  isBacklogged: boolean
}

export interface PendingResponses {
  /** `ack` is null when the client asked for no reply; the request runs all the same. */
  add(ack: Ack | null, client: Client): PendingResponse
  /** Replies, unless the deadline has passed. */
  settle(pending: PendingResponse, reply: Reply<unknown>): void
  stop(): void
}

export function createPendingResponses(): PendingResponses {
  /** Head and tail of the list, which is ordered by deadline. */
  const sentinel = { ack: null, dueAt: Number.POSITIVE_INFINITY } as PendingResponse
  sentinel.prev = sentinel
  sentinel.next = sentinel

  const sweep = setInterval(() => {
    const now = performance.now()
    while (sentinel.next.dueAt <= now) {
      const first = sentinel.next
      if (first.client.isBacklogged) postpone(first, now)
      else settle(first, { ok: false, error: errorBody(timedOut()) })
    }
  }, serverLimits.responseSweepMs)

  function append(pending: PendingResponse) {
    pending.prev = sentinel.prev
    pending.next = sentinel
    sentinel.prev.next = pending
    sentinel.prev = pending
  }

  function remove(pending: PendingResponse) {
    pending.prev.next = pending.next
    pending.next.prev = pending.prev
  }

  function postpone(pending: PendingResponse, now: number) {
    remove(pending)
    pending.dueAt = now + limits.responseMs
    append(pending)
  }

  function settle(pending: PendingResponse, reply: Reply<unknown>) {
    if (pending.next === pending) return
    remove(pending)
    // Linked to itself: settled.
    pending.prev = pending
    pending.next = pending
    pending.ack?.(reply)
    pending.ack = null
  }

  return {
    add(ack, client) {
      const pending = { ack, client, dueAt: performance.now() + limits.responseMs, prev: sentinel, next: sentinel }
      append(pending)
      return pending
    },
    settle,
    stop: () => clearInterval(sweep),
  }
}

const timedOut = () => new AppError('unavailable', 'Timed out, please retry.')
