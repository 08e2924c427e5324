// The latest version of every conversation that this page has received, by id, and how far each view is loaded.

import { batch, signal } from '@preact/signals'
import type { AgentConversation, Conversation, ConversationView } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { listView } from './views.ts'

interface ViewProgress {
  phase: 'unread' | 'loading' | 'loaded' | 'failed'
  nextCursor: string | null
  /** The last loaded row while more pages follow. */
  boundary: AgentConversation | null
}

export interface Conversations {
  find(id: number): AgentConversation | undefined
  /** The loaded rows of a view, in order. */
  rows(view: ConversationView): AgentConversation[]
  progress(view: ConversationView): ViewProgress
  /** Loads a view's first page unless it is loaded. */
  load(view: ConversationView): Promise<void>
  loadMore(view: ConversationView): Promise<void>
  /** Adds a conversation from an event or a reply. An older version is ignored. */
  merge(conversation: Conversation): void
  /** Drops a conversation that was erased. */
  remove(id: number): void
  /** Discards everything: the server may have older versions. */
  clear(): void
  /** After a reconnect: reloads the given views and discards everything else. */
  refresh(views: readonly ConversationView[]): Promise<void>
}

const notLoaded: ViewProgress = { phase: 'unread', nextCursor: null, boundary: null }

export function createConversations(connection: Connection, agentId: number): Conversations {
  const byId = signal<ReadonlyMap<number, AgentConversation>>(new Map())
  const progress = signal<Partial<Record<ConversationView, ViewProgress>>>({})

  function mergeAll(conversations: readonly Conversation[]): void {
    const next = new Map(byId.value)
    for (const conversation of conversations as readonly AgentConversation[]) {
      const existing = next.get(conversation.id)
      if (!existing || existing.version <= conversation.version) next.set(conversation.id, conversation)
    }
    byId.value = next
  }

  function setProgress(view: ConversationView, change: Partial<ViewProgress>): void {
    progress.value = { ...progress.value, [view]: { ...(progress.value[view] ?? notLoaded), ...change } }
  }

  async function fetchPage(view: ConversationView, cursor: string | null): Promise<void> {
    setProgress(view, { phase: 'loading' })
    try {
      const reply = await connection.request('conversation:list', { view, ...(cursor !== null && { cursor }) })
      const last = (reply.conversations as AgentConversation[]).at(-1) ?? null
      batch(() => {
        mergeAll(reply.conversations)
        setProgress(view, {
          phase: 'loaded',
          nextCursor: reply.nextCursor,
          boundary: reply.nextCursor === null ? null : last,
        })
      })
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      setProgress(view, { phase: 'failed' })
    }
  }

  return {
    find: (id) => byId.value.get(id),
    rows: (view) => listView(byId.value.values(), view, agentId, progress.value[view]?.boundary ?? null),
    progress: (view) => progress.value[view] ?? notLoaded,
    async load(view) {
      const { phase } = progress.peek()[view] ?? notLoaded
      if (phase === 'unread' || phase === 'failed') await fetchPage(view, null)
    },
    async loadMore(view) {
      const { phase, nextCursor } = progress.peek()[view] ?? notLoaded
      if (phase !== 'loading' && nextCursor !== null) await fetchPage(view, nextCursor)
    },
    merge: (conversation) => mergeAll([conversation]),
    remove(id) {
      byId.value = new Map([...byId.peek()].filter(([each]) => each !== id))
    },
    clear() {
      byId.value = new Map()
      progress.value = {}
    },
    async refresh(views) {
      const before = byId.peek()
      await Promise.all(views.map((view) => fetchPage(view, null)))
      const now = byId.peek()
      if (views.some((view) => progress.peek()[view]?.phase !== 'loaded')) return
      batch(() => {
        // Rows that neither a page nor an event has updated may have changed while offline.
        const wasUpdated = ([id, each]: [number, AgentConversation]) => before.get(id) !== each
        byId.value = new Map([...now].filter(wasUpdated))
        progress.value = Object.fromEntries(views.map((view) => [view, progress.peek()[view]]))
      })
    },
  }
}
