// Tells both sides that a conversation changed, each in its own view. Messages and reading change one many times a second: those are
// told in rounds, serverLimits.conversationUpdateMs apart, always with what stands at that moment.

import { setTimeout as sleep } from 'node:timers/promises'
import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { ConversationChange } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../context.ts'
import { readConversations } from './load.ts'
import { agentView, type ConversationWithLastMessage, customerView } from './views.ts'

type Telling = Pick<App, 'db' | 'publish' | 'told' | 'log'>

/** `queued`: its first message has come, so that agents see it from now on; its customer has known it since it began. */
export type Change = ConversationChange | 'queued'

/** Tells what was read after the commit of the change: everywhere, or to this node's own connections alone. */
export function publishConversation(
  app: Pick<App, 'publish' | 'told'>,
  whole: ConversationWithLastMessage,
  change: Change,
  reach: { local?: true } = {},
): void {
  tellAgents(app, whole, change === 'queued' ? 'created' : change, reach)
  tellCustomer(app, whole, change === 'queued' ? 'message' : change, reach)
  app.told.note(whole.record.id, whole.record.version)
}

type Tell = (
  app: Pick<App, 'publish'>,
  whole: ConversationWithLastMessage,
  change: ConversationChange,
  reach: { local?: true },
) => void

const tellAgents: Tell = (app, whole, change, reach) => {
  // What nobody has written in rings for nobody. An agent who has opened it all the same is kept up to date.
  const isForAll = isVisibleToAgents(whole.record)
  const toAgents = isForAll ? ({ agents: true, ...reach } as const) : { agentsIn: whole.record.id, ...reach }
  const name = change === 'created' ? 'conversation:created' : 'conversation:updated'
  app.publish(name, toAgents, { conversation: agentView(whole), change })
}

const tellCustomer: Tell = (app, whole, change, reach) => {
  const toCustomer = { userId: whole.record.customerId, ...reach }
  const name = change === 'created' ? 'conversation:created' : 'conversation:updated'
  app.publish(name, toCustomer, { conversation: customerView(whole), change })
}

/** Reads what stands after the commit of a change and tells it; never throws. */
export async function publishStatus(app: Telling, conversationId: number, change: Change): Promise<void> {
  await publishMany(app, [conversationId], change)
}

/** The same for many, in their order, serverLimits.publishPageSize at a time. Resolves with how long telling took, in milliseconds, reading not counted. */
export async function publishMany(
  app: Telling,
  ids: readonly number[],
  change: Change,
  reach: { local?: true } = {},
): Promise<number> {
  let toldMs = 0
  for (let from = 0; from < ids.length; from += serverLimits.publishPageSize) {
    const some = ids.slice(from, from + serverLimits.publishPageSize)
    try {
      const read = await readConversations(app.db, some)
      const beganAt = performance.now()
      for (const id of some) {
        const whole = read.get(id)
        if (whole) publishConversation(app, whole, change, reach)
      }
      toldMs += performance.now() - beganAt
    } catch (error) {
      // The comparison with the database tells them again.
      app.log.warn({ err: error, conversations: some.length }, 'could not tell of conversations')
    }
  }
  return toldMs
}

/** What may change a conversation many times a second, the one that says most last. */
const frequentChanges = ['read', 'message', 'customer'] as const
type FrequentChange = (typeof frequentChanges)[number]

export interface ConversationUpdates {
  /** Soon tells that something in the conversation changed; never throws. */
  soon(conversationId: number, change: FrequentChange): void
  /** Tells nothing from now on. */
  stop(): void
}

/**
 * In rounds: one at once, the next serverLimits.conversationUpdateMs later, or later still after a long one, with all that changed since.
 * However many conversations change, a round is two statements for serverLimits.publishPageSize of them, and what an agent is told of them leaves
 * together.
 */
export function createConversationUpdates(app: Telling): ConversationUpdates {
  const stopping = new AbortController()
  const waiting = new Map<number, FrequentChange>()
  let running = false

  async function flushLoop() {
    running = true
    // All that one batch changed goes with the first round.
    await Promise.resolve()
    while (waiting.size > 0 && !stopping.signal.aborted) {
      const changed = [...waiting]
      waiting.clear()
      let toldMs = 0
      for (const each of frequentChanges.toReversed()) {
        const ids = changed.flatMap(([id, change]) => (change === each ? id : []))
        toldMs += await publishMany(app, ids, each)
      }
      await sleep(pauseAfter(toldMs), undefined, { signal: stopping.signal }).catch(() => {})
    }
    running = false
  }

  return {
    soon(conversationId, change) {
      const before = waiting.get(conversationId)
      if (before === undefined || frequentChanges.indexOf(change) > frequentChanges.indexOf(before)) {
        waiting.set(conversationId, change)
      }
      if (!running) void flushLoop()
    },
    stop: () => stopping.abort(),
  }
}

/**
 * A round of many conversations, each told to many agents, is followed by 99 times as long without one; reading them before and writing them
 * out after is about as much work again.
 */
const pauseAfter = (toldMs: number) =>
  Math.min(serverLimits.maxConversationUpdateMs, Math.max(serverLimits.conversationUpdateMs, toldMs * 99))
