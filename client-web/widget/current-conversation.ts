// The conversation this customer sees: the newest one, or one that begins with the first message written. What is written before it is
// known which, or before there is a connection, waits in an outbox of its own and goes where it belongs.

import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Conversation, CustomerConversation, Message, Page } from '#protocol/entities.ts'
import { backoffMs } from '../shared/connection/backoff.ts'
import type { Connection } from '../shared/connection/connection.ts'
import { newId } from '../shared/connection/new-id.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import type { Storage } from '../shared/storage/storage.ts'
import { type Self, type TimelineItem, timelineItems } from '../shared/timeline/items.ts'
import { type OpenConversation, openConversation } from '../shared/timeline/open-conversation.ts'
import { moveOutbox, type Outbox, openOutbox } from '../shared/timeline/outbox.ts'
import { emptyTimeline } from '../shared/timeline/timeline.ts'

export interface CurrentConversation {
  /** null while none has begun, or it is not known yet. */
  open: ReadonlySignal<OpenConversation<CustomerConversation> | null>
  /** It is known whether there is one, and if so what was said. */
  isLoaded: ReadonlySignal<boolean>
  items: ReadonlySignal<TimelineItem[]>
  /** The outbox that takes what is written now. */
  outbox: ReadonlySignal<Outbox>
  /** The connection, once there is one. */
  attach(connection: Connection, self: Self): void
  close(): void
}

const unsent = 'new'
const startKey = 'start'
const nobody: Self = { id: 0, role: 'customer', name: '' }

export function findCurrentConversation(storage: Storage, page: () => Page | null): CurrentConversation {
  const open = signal<OpenConversation<CustomerConversation> | null>(null)
  const isListed = signal(false)
  let isStarting = false
  let connection: Connection | null = null
  let self = nobody
  const undo: (() => void)[] = []
  const first = openOutbox({
    storage,
    name: unsent,
    deliver: ({ clientMessageId, content }) => start(clientMessageId, content),
  })

  /** Repeated with the same ids it is the same conversation and the same message. */
  async function start(clientMessageId: string, content: string): Promise<void> {
    if (!connection || !isListed.value) throw RequestError.offline()
    const clientConversationId = storage.get(startKey) ?? newId()
    storage.set(startKey, clientConversationId)
    const where = page()
    isStarting = true
    try {
      const reply = await connection.request('conversation:start', {
        clientConversationId,
        ...(where ? { page: where } : {}),
        message: { clientMessageId, content },
      })
      batch(() => {
        first.remove(clientMessageId)
        adopt(reply.conversation, reply.message)
      })
    } finally {
      isStarting = false
    }
  }

  function adopt(conversation: Conversation, message?: Message): void {
    if (!connection || open.value) return
    first.stop()
    moveOutbox(storage, unsent, String(conversation.id))
    storage.remove(startKey)
    const known = conversation as CustomerConversation
    const opened = openConversation<CustomerConversation>({
      connection,
      storage,
      conversationId: conversation.id,
      self,
      known,
    })
    if (message) opened.addMessage(message)
    open.value = opened
    isListed.value = true
  }

  async function list(tries = 1): Promise<void> {
    if (!connection || open.value || connection.state.value.phase !== 'online') return
    try {
      const { conversations } = await connection.request('conversation:list', { limit: 1 })
      const [newest] = conversations
      if (newest) adopt(newest)
      isListed.value = true
      first.wake()
    } catch (error) {
      if (error instanceof RequestError && error.code !== 'offline') setTimeout(list, backoffMs(tries), tries + 1)
    }
  }

  return {
    open,
    isLoaded: computed(() => (open.value ? open.value.isLoaded.value : isListed.value)),
    items: computed(() => open.value?.items.value ?? timelineItems(emptyTimeline, first.entries.value, self)),
    outbox: computed(() => open.value?.outbox ?? first),
    attach(to, as) {
      connection = to
      self = as
      undo.push(
        connection.state.subscribe(({ phase }) => {
          if (phase === 'online') void list()
        }),
        // Another tab began it; one's own comes with the answer.
        connection.on('conversation:created', ({ conversation }) => {
          if (!isStarting) batch(() => adopt(conversation))
        }),
      )
    },
    close() {
      for (const each of undo) each()
      first.stop()
      open.value?.close()
    },
  }
}
