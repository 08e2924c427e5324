// Reconciles this node with the database every serverLimits.reconcileMs: publishes to its own connections every change that
// it has not published yet. That repairs an event lost between nodes, and one lost to a failed read after a commit.

import { readNow } from '#db/core/clock.ts'
import { selectChangedConversations } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { publishMany } from '../../conversation-state/publish-conversation.ts'

export function startReconciler(app: App): { stop(): void } {
  /** Every change before this time of the database's clock is reconciled. */
  let since: string | null = null
  let running = false

  async function reconcile() {
    const now = await readNow(app.db)
    const from = since ?? now
    const rows = await selectChangedConversations(app.db, from, serverLimits.reconcileRows)
    const unpublished = rows.filter(({ id, version }) => version > app.publishedVersions.get(id))
    await publishMany(
      app,
      unpublished.map(({ id }) => id),
      'message',
      { local: true },
    )
    await app.presence.republishSince(from)
    // The next run continues a full page where it ended. Otherwise it overlaps this one: a row with an earlier time may
    // commit later.
    const end = rows.length === serverLimits.reconcileRows ? (rows.at(-1)?.changedAt ?? now) : now
    since = new Date(Date.parse(end) - (end === now ? serverLimits.reconcileOverlapMs : 0)).toISOString()
  }

  const timer = setInterval(() => {
    if (running) return
    running = true
    reconcile()
      .catch((error: unknown) => app.log.warn({ err: error }, 'reconciliation failed'))
      .finally(() => {
        running = false
      })
  }, serverLimits.reconcileMs)

  return { stop: () => clearInterval(timer) }
}
