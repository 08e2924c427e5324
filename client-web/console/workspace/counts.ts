// The number of conversations in each view, reloaded shortly after any event that may change it.

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

export function watchCounts(connection: Connection): Counts {
  const counts = signal<ConversationCounts | null>(null)
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
    connection.on('conversation:updated', ({ change }) => {
      if (change !== 'read' && change !== 'message') scheduleRefresh()
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
