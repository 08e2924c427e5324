// The customer's conversation: the newest one, or one that starts with the first message.
// Messages written before it is loaded, or without a connection, wait in the outbox.

import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Attachment, Conversation, CustomerConversation, Message, Page } from '#protocol/entities.ts'
import type { Files } from '../shared/attachments/files.ts'
import { backoffMs } from '../shared/connection/backoff.ts'
import type { Connection } from '../shared/connection/connection.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import type { Storage } from '../shared/storage/storage.ts'
import { type Self, type TimelineItem, timelineItems } from '../shared/timeline/items.ts'
import { type OpenConversation, openConversation } from '../shared/timeline/open-conversation.ts'
import { type Outbox, openOutbox } from '../shared/timeline/outbox.ts'
import { messageParts, type OutboxEntry, type OutgoingAttachment } from '../shared/timeline/outbox-store.ts'
import { emptyTimeline } from '../shared/timeline/timeline.ts'

export interface CurrentConversation {
  /** null until it is loaded or started. */
  open: ReadonlySignal<OpenConversation<CustomerConversation> | null>
  /** Whether there is a conversation has been checked, and if so its first page is loaded. */
  isLoaded: ReadonlySignal<boolean>
  items: ReadonlySignal<TimelineItem[]>
  outbox: Outbox
  /** Resolves once the message is stored. */
  send(content: string, attachment?: OutgoingAttachment): Promise<void>
  /** Sets the connection once there is one. */
  attach(connection: Connection, self: Self): void
  close(): void
}

/** The same in all tabs of a customer, so that concurrent starts create one conversation. */
const clientConversationId = 'widget'
const anonymous: Self = { id: 0, role: 'customer', name: '' }

export function findCurrentConversation(storage: Storage, files: Files, page: () => Page | null): CurrentConversation {
  const open = signal<OpenConversation<CustomerConversation> | null>(null)
  const isListed = signal(false)
  let connection: Connection | null = null
  let self = anonymous
  const undo: (() => void)[] = []
  // A single queue: messages written before the conversation exists must not be overtaken.
  const outbox = openOutbox({ storage, queueKeyOf: () => 'current', deliver, upload })

  async function upload(...args: Parameters<Files['upload']>): Promise<Attachment> {
    // The session decides who owns the upload.
    if (!connection) throw RequestError.offline()
    return files.upload(...args)
  }

  async function deliver(entry: OutboxEntry): Promise<Message> {
    const { clientMessageId, conversationId } = entry
    const target = conversationId ?? open.value?.id
    if (!connection || !isListed.value) throw RequestError.offline()
    if (target === undefined) return start(connection, messageParts(entry))
    if (conversationId === null) await outbox.assignConversation(clientMessageId, target)
    return (await connection.request('message:send', { conversationId: target, ...messageParts(entry) })).message
  }

  /** Idempotent: a retry with the same ids returns the same conversation and message. */
  async function start(by: Connection, message: ReturnType<typeof messageParts>): Promise<Message> {
    const currentPage = page()
    const reply = await by.request('conversation:start', {
      clientConversationId,
      ...(currentPage ? { page: currentPage } : {}),
      message,
    })
    batch(() => adopt(reply.conversation))
    return reply.message as Message
  }

  function adopt(conversation: Conversation): void {
    if (!connection || open.value) return
    const initial = conversation as CustomerConversation
    open.value = openConversation<CustomerConversation>({
      connection,
      outbox,
      conversationId: conversation.id,
      self,
      initial,
    })
    isListed.value = true
  }

  async function list(tries = 1): Promise<void> {
    if (!connection || open.value || connection.state.value.phase !== 'online') return
    try {
      const { conversations } = await connection.request('conversation:list', { limit: 1 })
      const [newest] = conversations
      if (newest) adopt(newest)
      isListed.value = true
      outbox.resume()
    } catch (error) {
      if (error instanceof RequestError && error.code !== 'offline') setTimeout(list, backoffMs(tries), tries + 1)
    }
  }

  return {
    open,
    isLoaded: computed(() => (open.value ? open.value.isLoaded.value : isListed.value)),
    items: computed(() => open.value?.items.value ?? timelineItems(emptyTimeline, outbox.entries.value, self)),
    outbox,
    send: (content, attachment) => outbox.add(open.value?.id ?? null, content, attachment),
    attach(target, as) {
      connection = target
      self = as
      undo.push(
        connection.state.subscribe(({ phase }) => {
          outbox.resume()
          if (phase === 'online') void list()
        }),
        connection.on('conversation:created', ({ conversation }) => batch(() => adopt(conversation))),
      )
    },
    close() {
      for (const each of undo) each()
      outbox.stop()
      open.value?.close()
    },
  }
}
