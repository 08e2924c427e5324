// Tells both sides that a conversation changed, each in its own view. Messages and reading change one many times a second: those are
// told at once and then at most every limits.conversationUpdateMs, always with what stands at that moment.

import type { ConversationChange } from '#protocol/entities.ts'
import { limits } from '#protocol/limits.ts'
import type { App } from '../context.ts'
import { readConversation } from './read.ts'
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
  try {
    const whole = await readConversation(app.db, conversationId)
    if (whole) tellConversation(app, whole, change)
  } catch (error) {
    // The comparison with the database tells it again.
    app.log.warn({ err: error, conversationId }, 'could not tell a conversation')
  }
}

/** One after another: they may be many, and nobody waits for them. */
export async function tellInTurn(app: Telling, ids: readonly number[], change: ConversationChange): Promise<void> {
  for (const id of ids) await tellStanding(app, id, change)
}

export interface ConversationTeller {
  /** Soon tells that something in the conversation changed; never throws. */
  soon(conversationId: number, change: 'message' | 'read'): void
  /** Ends the timers of a stopping process. */
  stop(): void
}

interface Waiting {
  timer: NodeJS.Timeout
  /** What came since the last telling. */
  change: 'message' | 'read' | null
}

export function createConversationTeller(app: Telling): ConversationTeller {
  const waiting = new Map<number, Waiting>()

  function pause(conversationId: number) {
    const entry: Waiting = {
      change: null,
      timer: setTimeout(() => {
        waiting.delete(conversationId)
        if (entry.change !== null) {
          pause(conversationId)
          void tellStanding(app, conversationId, entry.change)
        }
      }, limits.conversationUpdateMs),
    }
    waiting.set(conversationId, entry)
  }

  return {
    soon(conversationId, change) {
      const entry = waiting.get(conversationId)
      if (entry) {
        // A message says more than reading does.
        if (entry.change !== 'message') entry.change = change
        return
      }
      pause(conversationId)
      void tellStanding(app, conversationId, change)
    },
    stop() {
      for (const { timer } of waiting.values()) clearTimeout(timer)
      waiting.clear()
    },
  }
}
