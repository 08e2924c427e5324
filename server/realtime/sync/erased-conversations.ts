// Publishes erased conversations to this node's connections. An erasure is a command of its own, so each node finds them
// in the database.

import { readNow } from '#db/core/clock.ts'
import { selectErasedConversations } from '#db/queries/erase-customer.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { App } from '../../context.ts'

export function watchErasedConversations(app: App): { stop(): void } {
  let since: string | null = null
  let running = false
  /** The last erased_at that was published, by conversation. */
  let published = new Map<number, string>()

  async function publishErased() {
    const now = await readNow(app.db)
    // A row may commit later than its time.
    const overlapMs = serverLimits.reconcileOverlapMs
    const from = since ?? now
    const rows = await selectErasedConversations(app.db, new Date(Date.parse(from) - overlapMs).toISOString())
    for (const { conversationId, erasedAt } of rows) {
      if (published.get(conversationId) === erasedAt) continue
      app.publish('conversation:erased', { agents: true, conversationId, local: true }, { conversationId })
    }
    published = new Map(rows.map(({ conversationId, erasedAt }) => [conversationId, erasedAt]))
    since = now
  }

  const timer = setInterval(() => {
    if (running) return
    running = true
    publishErased()
      .catch((error: unknown) => app.log.warn({ err: error }, 'erased conversation check failed'))
      .finally(() => {
        running = false
      })
  }, serverLimits.erasedConversationsMs)

  return { stop: () => clearInterval(timer) }
}
