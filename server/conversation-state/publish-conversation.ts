// Publishes a changed conversation to both sides, each in its own view. Messages and read receipts change one many
// times a second, so createConversationUpdates coalesces those: it publishes the current state every
// serverLimits.conversationUpdateMs.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '#db/core/database.ts'
import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { ConversationChange } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { Publish } from '../ports.ts'
import type { PublishedVersions } from '../shared/published-versions.ts'
import { loadConversations } from './load.ts'
import { agentView, type ConversationWithLastMessage, customerView } from './views.ts'

export interface PublishDeps {
  db: Database
  publish: Publish
  publishedVersions: PublishedVersions
  log: Logger
}

/** The name of the list for the reconciler. */
export const conversationList = 'conversations'

/** `queued`: the first message made it visible to agents. Its customer has had it since its start. */
export type PublishedChange = ConversationChange | 'queued'

interface Reach {
  /** Only to connections of this node. */
  local?: true
}

/** Call it after the commit, with the state as it was read after the change. */
export function publishConversation(
  app: Pick<PublishDeps, 'publish' | 'publishedVersions'>,
  conversation: ConversationWithLastMessage,
  change: PublishedChange,
  reach: Reach = {},
): void {
  publishToAgents(app, conversation, change === 'queued' ? 'created' : change, reach)
  publishToCustomer(app, conversation, change === 'queued' ? 'message' : change, reach)
  app.publishedVersions.record(conversationList, conversation.record.id, conversation.record.version)
}

type PublishToSide = (
  app: Pick<PublishDeps, 'publish'>,
  conversation: ConversationWithLastMessage,
  change: ConversationChange,
  reach: Reach,
) => void

const publishToAgents: PublishToSide = (app, conversation, change, reach) => {
  // An empty conversation alerts no agent. Agents who have opened it still receive its changes.
  const isForAll = isVisibleToAgents(conversation.record)
  const toAgents = isForAll ? ({ agents: true, ...reach } as const) : { agentsIn: conversation.record.id, ...reach }
  const name = change === 'created' ? 'conversation:created' : 'conversation:updated'
  app.publish(name, toAgents, { conversation: agentView(conversation), change })
}

const publishToCustomer: PublishToSide = (app, conversation, change, reach) => {
  const toCustomer = { userId: conversation.record.customerId, ...reach }
  const name = change === 'created' ? 'conversation:created' : 'conversation:updated'
  app.publish(name, toCustomer, { conversation: customerView(conversation), change })
}

/**
 * Loads the current state of these conversations and publishes it in their order, serverLimits.publishPageSize at a
 * time; never throws. Resolves with the milliseconds spent publishing, without those spent loading.
 */
export async function publishMany(
  app: PublishDeps,
  ids: readonly number[],
  change: PublishedChange,
  reach: Reach = {},
): Promise<number> {
  let publishMs = 0
  for (let from = 0; from < ids.length; from += serverLimits.publishPageSize) {
    const page = ids.slice(from, from + serverLimits.publishPageSize)
    try {
      const conversations = await loadConversations(app.db, page)
      const startedAt = performance.now()
      for (const id of page) {
        const conversation = conversations.get(id)
        if (conversation) publishConversation(app, conversation, change, reach)
      }
      publishMs += performance.now() - startedAt
    } catch (error) {
      // The reconciler publishes them later.
      app.log.warn({ err: error, conversations: page.length }, 'failed to publish conversations')
    }
  }
  return publishMs
}

/** Changes that may happen many times a second, by ascending priority: the last one wins when several are pending. */
const frequentChanges = ['read', 'message', 'customer'] as const
type FrequentChange = (typeof frequentChanges)[number]

export interface ConversationUpdates {
  /** Publishes the conversation with the next flush; never throws. */
  schedule(conversationId: number, change: FrequentChange): void
  /** Publishes nothing from now on. */
  stop(): void
}

/**
 * Coalesces frequent changes. The first flush is immediate; the next follows after serverLimits.conversationUpdateMs,
 * or later after a slow one, with everything that changed meanwhile. A flush costs two statements per
 * serverLimits.publishPageSize conversations, however many changed.
 */
export function createConversationUpdates(app: PublishDeps): ConversationUpdates {
  const stopping = new AbortController()
  const pending = new Map<number, FrequentChange>()
  let isRunning = false

  async function flushLoop() {
    isRunning = true
    // The first flush includes all changes of the batch that started it.
    await Promise.resolve()
    while (pending.size > 0 && !stopping.signal.aborted) {
      const changed = [...pending]
      pending.clear()
      let publishMs = 0
      for (const each of frequentChanges.toReversed()) {
        const ids = changed.flatMap(([id, change]) => (change === each ? id : []))
        publishMs += await publishMany(app, ids, each)
      }
      await sleep(pauseAfter(publishMs), undefined, { signal: stopping.signal }).catch(() => {})
    }
    isRunning = false
  }

  return {
    schedule(conversationId, change) {
      const previous = pending.get(conversationId)
      if (previous === undefined || frequentChanges.indexOf(change) > frequentChanges.indexOf(previous)) {
        pending.set(conversationId, change)
      }
      if (!isRunning) void flushLoop()
    },
    stop: () => stopping.abort(),
  }
}

/**
 * Publishing takes at most 1 % of the time. Loading before it and writing to sockets after it cost about as much again.
 */
const pauseAfter = (publishMs: number) =>
  Math.min(serverLimits.maxConversationUpdateMs, Math.max(serverLimits.conversationUpdateMs, publishMs * 99))
