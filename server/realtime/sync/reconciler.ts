// Silence is not trusted: every serverLimits.reconcileMs this node compares what it has told with what changed in the database, and tells its own
// connections the rest. Whatever was lost on the way (between nodes, or by a failed read after a commit) is there with no further traffic.

import { readNow } from '#db/core/clock.ts'
import { selectChangedConversations } from '#db/queries/conversations.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'
import { publishMany } from '../../conversation-state/publish-conversation.ts'

export function startReconciler(app: App): { stop(): void } {
  /** Everything that changed before this, on the database's clock, has been looked at. */
  let since: string | null = null
  let running = false

  async function compare() {
    const now = await readNow(app.db)
    const from = since ?? now
    const rows = await selectChangedConversations(app.db, from, serverLimits.reconcileRows)
    const untold = rows.filter(({ id, version }) => version > app.told.of(id))
    await publishMany(
      app,
      untold.map(({ id }) => id),
      'message',
      { local: true },
    )
    await app.presence.republishSince(from)
    // What carries an earlier time may commit later; a full page goes on where it ended.
    const seen = rows.length === serverLimits.reconcileRows ? (rows.at(-1)?.changedAt ?? now) : now
    since = new Date(Date.parse(seen) - (seen === now ? serverLimits.reconcileOverlapMs : 0)).toISOString()
  }

  const timer = setInterval(() => {
    if (running) return
    running = true
    compare()
      .catch((error: unknown) => app.log.warn({ err: error }, 'could not compare with the database'))
      .finally(() => {
        running = false
      })
  }, serverLimits.reconcileMs)

  return { stop: () => clearInterval(timer) }
}
