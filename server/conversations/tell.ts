// Tells both sides that a conversation changed, each in its own view. Messages and reading change one many times a second: those are
// told in rounds, limits.conversationUpdateMs apart, always with what stands at that moment.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ConversationChange } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { readConversations } from './read.ts'
import { agentView, customerView, type WholeConversation } from './view.ts'

type Telling = Pick<App, 'db' | 'publish' | 'told' | 'log'>

/** Tells what was read after the commit of the change: everywhere, or to this node's own connections alone. */
export function tellConversation(
  app: Pick<App, 'publish' | 'told'>,
  whole: WholeConversation,
  change: ConversationChange,
  reach: { onThisNode?: true } = {},
): void {
  const toAgents = { agents: true, ...reach } as const
  const toCustomer = { userId: whole.record.customerId, ...reach }
  if (change === 'created') {
    app.publish('conversation:created', toAgents, { conversation: agentView(whole), change })
    app.publish('conversation:created', toCustomer, { conversation: customerView(whole), change })
  } else {
    app.publish('conversation:updated', toAgents, { conversation: agentView(whole), change })
    app.publish('conversation:updated', toCustomer, { conversation: customerView(whole), change })
  }
  app.told.note(whole.record.id, whole.record.version)
}

/** Reads what stands after the commit of a change and tells it; never throws. */
export async function tellStanding(app: Telling, conversationId: number, change: ConversationChange): Promise<void> {
  await tellInTurn(app, [conversationId], change)
}

/** The same for many, in their order, limits.tellingRows at a time. Resolves with how long telling took, in milliseconds, reading not counted. */
export async function tellInTurn(
  app: Telling,
  ids: readonly number[],
  change: ConversationChange,
  reach: { onThisNode?: true } = {},
): Promise<number> {
  let toldMs = 0
  for (let from = 0; from < ids.length; from += limits.tellingRows) {
    const some = ids.slice(from, from + limits.tellingRows)
    try {
      const read = await readConversations(app.db, some)
      const beganAt = performance.now()
      for (const id of some) {
        const whole = read.get(id)
        if (whole) tellConversation(app, whole, change, reach)
      }
      toldMs += performance.now() - beganAt
    } catch (error) {
      // The comparison with the database tells them again.
      app.log.warn({ err: error, conversations: some.length }, 'could not tell of conversations')
    }
  }
  return toldMs
}

export interface ConversationTeller {
  /** Soon tells that something in the conversation changed; never throws. */
  soon(conversationId: number, change: 'message' | 'read'): void
  /** Tells nothing from now on. */
  stop(): void
}

/**
 * In rounds: one at once, the next limits.conversationUpdateMs later, or later still after a long one, with all that changed since.
 * However many conversations change, a round is two statements for limits.tellingRows of them, and what an agent is told of them leaves
 * together.
 */
export function createConversationTeller(app: Telling): ConversationTeller {
  const stopping = new AbortController()
  const waiting = new Map<number, 'message' | 'read'>()
  let running = false

  const idsOf = (wanted: 'message' | 'read') => [...waiting].flatMap(([id, change]) => (change === wanted ? id : []))

  async function tellInRounds() {
    running = true
    // All that one batch changed goes with the first round.
    await Promise.resolve()
    while (waiting.size > 0 && !stopping.signal.aborted) {
      const [written, read] = [idsOf('message'), idsOf('read')]
      waiting.clear()
      const toldMs = (await tellInTurn(app, written, 'message')) + (await tellInTurn(app, read, 'read'))
      await sleep(pauseAfter(toldMs), undefined, { signal: stopping.signal }).catch(() => {})
    }
    running = false
  }

  return {
    soon(conversationId, change) {
      // A message says more than reading does.
      if (waiting.get(conversationId) !== 'message') waiting.set(conversationId, change)
      if (!running) void tellInRounds()
    },
    stop: () => stopping.abort(),
  }
}

/**
 * A round of many conversations, each told to many agents, is followed by 99 times as long without one; reading them before and writing them
 * out after is about as much work again.
 */
const pauseAfter = (toldMs: number) =>
  Math.min(limits.conversationUpdateMostMs, Math.max(limits.conversationUpdateMs, toldMs * 99))
