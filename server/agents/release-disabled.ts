// Returns the conversations of disabled agents to the queue. Disabling releases them immediately; the sweep releases
// what a crash left, or what reached the agent at that very moment.

import { lockDisabledAgent, selectDisabledAssignees } from '#db/queries/agents.ts'
import { selectPendingIdsOfAgent } from '#db/queries/conversations.ts'
import { type QueuePlace, selectQueuePlaces } from '#db/queries/queue-places.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'
import { release } from '../conversation-state/transitions.ts'
import { inUnitOfWork } from '../conversation-state/update-conversations.ts'

type Parts = Pick<App, 'db' | 'log' | 'publish' | 'publishedVersions' | 'onCommit'>

/** Releases all conversations in progress of an agent, as long as the agent is disabled. */
export async function releaseConversationsOf(app: Parts, agentId: number): Promise<void> {
  let released: number
  do {
    const ids = await selectPendingIdsOfAgent(app.db, agentId, serverLimits.releaseRows)
    released = ids.length === 0 ? 0 : await releaseBatch(app, agentId, ids)
  } while (released === serverLimits.releaseRows)
}

/** Returns how many conversations it released. */
function releaseBatch(app: Parts, agentId: number, ids: readonly number[]): Promise<number> {
  return inUnitOfWork(app, async ({ trx, isRetry, update, afterCommit }) => {
    if (!(await lockDisabledAgent(trx, agentId))) return 0
    const releasedIds = await update(ids, async (locked) => {
      const held = [...locked.values()].filter((one) => one.status === 'pending' && one.agentId === agentId)
      const heldIds = held.map(({ id }) => id)
      const places = await selectQueuePlaces(trx, heldIds)
      const changes = held.map((before) => {
        const changed = release(before.now, places.get(before.id) as QueuePlace)
        return { before, after: { ...before, ...changed, version: before.version + 1, updatedAt: before.now } }
      })
      return { changes, result: heldIds }
    })
    // An ambiguous commit may have released them unpublished.
    afterCommit(() => void publishMany(app, isRetry ? ids : releasedIds, 'released'))
    return releasedIds.length
  })
}

export function startReleaseSweep(app: Parts): { stop(): void } {
  let running = false

  async function sweep() {
    for (const agentId of await selectDisabledAssignees(app.db)) await releaseConversationsOf(app, agentId)
  }

  const timer = setInterval(() => {
    if (running) return
    running = true
    sweep()
      .catch((error: unknown) => app.log.warn({ err: error }, 'release of conversations failed'))
      .finally(() => {
        running = false
      })
  }, serverLimits.releaseSweepMs)
  return { stop: () => clearInterval(timer) }
}
