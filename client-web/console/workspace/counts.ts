// The number of conversations in each view, and of the agent's own with unread messages. They are the server's, and
// reloaded shortly after any event that may change them.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { ConversationCounts } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'

export interface Counts {
  /** null until the first reply. */
  counts: ReadonlySignal<ConversationCounts | null>
  refresh(): Promise<void>
  stop(): void
}

const debounceMs = 250

export function watchCounts(connection: Connection, agentId: number): Counts {
  const counts = signal<ConversationCounts | null>(null)
  /** Whether each of the agent's own conversations has unread messages, as far as this page has seen. */
  const hadUnread = new Map<number, boolean>()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function refresh(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    try {
      counts.value = await connection.request('conversation:count', {})
    } catch (error) {
      // The next event or reconnect retries.
      if (!(error instanceof RequestError)) throw error
    }
  }

  function scheduleRefresh(): void {
    timer ??= setTimeout(refresh, debounceMs)
  }

  const undo = [
    connection.on('conversation:created', scheduleRefresh),
    connection.on('conversation:erased', scheduleRefresh),
    connection.on('conversation:updated', ({ conversation: { id, agent, unread }, change }) => {
      const isFrequent = change === 'read' || change === 'message'
      if (isFrequent && (agent?.id !== agentId || hadUnread.get(id) === unread > 0)) return
      if (agent?.id === agentId) hadUnread.set(id, unread > 0)
      else hadUnread.delete(id)
      scheduleRefresh()
    }),
  ]
  return {
    counts,
    refresh,
    stop() {
      clearTimeout(timer)
      for (const each of undo) each()
    },
  }
}
