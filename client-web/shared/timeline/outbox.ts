// One person's unacknowledged messages. An entry is stored before it is sent, and keeps its clientMessageId until it is
// acknowledged or rejected for good.

import type { ReadonlySignal } from '@preact/signals'
import type { Message } from '#protocol/entities.ts'
import { newId } from '../connection/new-id.ts'
import type { Storage } from '../storage/storage.ts'
import { createOutboxDelivery, type OutboxDelivery, type OutboxDeliveryOptions } from './outbox-delivery.ts'
import { type OutboxEntry, type OutgoingAttachment, openOutboxStore } from './outbox-store.ts'

export interface Outbox {
  entries: ReadonlySignal<readonly OutboxEntry[]>
  /** The message acknowledged last, in this tab or another. */
  sent: ReadonlySignal<Message | null>
  /** Uploaded fraction (0 to 1) of each upload in this tab, by clientMessageId. */
  progress: OutboxDelivery['progress']
  /** Resolves once the entry is stored. */
  add(conversationId: number | null, content: string, attachment?: OutgoingAttachment): Promise<void>
  /** Sends text messages again that the server has lost, under their ids. Files are gone with them. */
  restore(messages: readonly Message[]): Promise<void>
  /** Binds an entry to the conversation of its first attempt. Resolves once that is stored. */
  assignConversation(clientMessageId: string, conversationId: number): Promise<void>
  /** Sends a failed entry again. */
  retry(clientMessageId: string): void
  /** The writer discards an entry. */
  remove(clientMessageId: string): void
  /** The connection changed: retries now instead of waiting for the backoff. */
  resume(): void
  /** Stops sending; stored entries stay. */
  stop(): void
  /** Stops sending. The stored entries await another conversation. */
  detach(): Promise<void>
  /** Stops sending and deletes the stored entries. */
  clear(): Promise<void>
}

export interface OutboxOptions extends Pick<OutboxDeliveryOptions, 'queueKeyOf' | 'deliver' | 'upload'> {
  /** Its area names the owner of the outbox. */
  storage: Storage
}

export function openOutbox({ storage, ...options }: OutboxOptions): Outbox {
  const name = `${storage.area}outbox:`
  const store = openOutboxStore(storage, name, () => delivery.send())
  const delivery = createOutboxDelivery({ ...options, store, lockPrefix: name })
  const { entries, sent, change } = store

  function stop(): void {
    delivery.stop()
    store.stop()
  }

  return {
    entries,
    sent,
    progress: delivery.progress,
    add(conversationId, content, attachment) {
      return store.add({
        clientMessageId: newId(),
        conversationId,
        content,
        createdAt: new Date().toISOString(),
        position: Math.max(Date.now(), (entries.value.at(-1)?.position ?? 0) + 1),
        failure: null,
        ...(attachment && { attachment }),
      })
    },
    async restore(messages) {
      const texts = messages.filter(({ type }) => type === 'text')
      // Before everything that has not been sent yet.
      const first = Math.min(Date.now(), entries.value[0]?.position ?? Number.POSITIVE_INFINITY) - texts.length
      for (const [index, { clientMessageId, conversationId, content, createdAt }] of texts.entries()) {
        const position = first + index
        await store.add({ clientMessageId, conversationId, content, createdAt, position, failure: null })
      }
    },
    assignConversation: (clientMessageId, conversationId) =>
      change(clientMessageId, (entry) => entry && { ...entry, conversationId }),
    retry: (clientMessageId) => void change(clientMessageId, (entry) => entry && resetForRetry(entry)),
    remove(clientMessageId) {
      void change(clientMessageId, () => undefined)
      delivery.abortUpload(clientMessageId)
    },
    resume: delivery.resume,
    stop,
    async detach() {
      stop()
      for (const { clientMessageId } of await store.list())
        await change(clientMessageId, (entry) => entry && { ...resetForRetry(entry), conversationId: null })
    },
    clear() {
      stop()
      return store.clear()
    },
  }
}

/** Uploads again: the earlier upload may have been rejected or have expired. */
function resetForRetry({ attachment, ...entry }: OutboxEntry): OutboxEntry {
  return { ...entry, failure: null, ...(attachment && { attachment: { ...attachment, id: null } }) }
}
