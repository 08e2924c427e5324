// Sends the entries of an outbox, one after another within a queue. A lock per queue lets only one tab send at a time.
// Attachments are uploaded in a queue of their own, so that an upload does not delay text.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Message } from '#protocol/entities.ts'
import type { Files } from '../attachments/files.ts'
import { backoffMs } from '../connection/backoff.ts'
import { RequestError } from '../connection/request-error.ts'
import { withTabLock } from '../storage/tabs.ts'
import type { OutboxEntry, OutboxStore, OutgoingAttachment } from './outbox-store.ts'

export interface OutboxDelivery {
  /** Uploaded fraction (0 to 1) of each upload in this tab, by clientMessageId. */
  progress: ReadonlySignal<ReadonlyMap<string, number>>
  /** Starts every queue that has something to send and is not running. */
  send(): void
  /** Retries now instead of waiting for the backoff. */
  resume(): void
  abortUpload(clientMessageId: string): void
  stop(): void
}

export interface OutboxDeliveryOptions {
  store: OutboxStore
  /** Prefix of the lock names. */
  lockPrefix: string
  /** Entries with the same key are sent in order. */
  queueKeyOf: (entry: OutboxEntry) => string
  /** Sends one entry and resolves with the acknowledged message. Rejects with a RequestError. */
  deliver: (entry: OutboxEntry) => Promise<Message>
  upload: Files['upload']
}

export function createOutboxDelivery(options: OutboxDeliveryOptions): OutboxDelivery {
  const { store, lockPrefix, queueKeyOf, deliver, upload } = options
  const progress = signal<ReadonlyMap<string, number>>(new Map())
  const uploads = new Map<string, AbortController>()
  const scheduledQueues = new Set<string>()
  let isStopped = false
  let resumed = Promise.withResolvers<void>()

  const uploadOrQueueKey = (entry: OutboxEntry) => (isUploading(entry) ? 'upload' : queueKeyOf(entry))

  async function uploadFile({ clientMessageId: id, attachment }: UploadingEntry): Promise<void> {
    const controller = new AbortController()
    const showProgress = (fraction: number | null) => {
      const next = new Map(progress.value)
      if (fraction === null) next.delete(id)
      else next.set(id, fraction)
      progress.value = next
    }
    uploads.set(id, controller)
    try {
      const { signal } = controller
      const uploaded = await upload(attachment.file, attachment.name, { onProgress: showProgress, signal })
      await store.change(id, (entry) => entry && { ...entry, attachment: { ...attachment, ...uploaded } })
    } finally {
      uploads.delete(id)
      showProgress(null)
    }
  }

  async function sendQueue(queueKey: string): Promise<void> {
    let failures = 0
    scheduledQueues.delete(queueKey)
    while (!isStopped) {
      // Read the store every time: another tab may have sent the entry.
      const entry = (await store.list()).find((each) => each.failure === null && uploadOrQueueKey(each) === queueKey)
      if (!entry || isStopped) return
      const { clientMessageId } = entry
      try {
        if (isUploading(entry)) await uploadFile(entry)
        else await store.change(clientMessageId, () => undefined, await deliver(entry))
        failures = 0
      } catch (error) {
        const { code, retryable, retryAfterMs } = RequestError.of(error)
        // The connection renews an expired session and then resumes this outbox.
        if (code === 'offline' || code === 'unauthorized') return
        if (!retryable) await store.change(clientMessageId, (current) => current && { ...current, failure: code })
        else await wait(retryAfterMs ?? backoffMs(++failures))
      }
    }
  }

  async function wait(ms: number): Promise<void> {
    await Promise.race([resumed.promise, new Promise((resolve) => setTimeout(resolve, ms))])
  }

  function send(): void {
    for (const entry of store.entries.value) {
      const queueKey = uploadOrQueueKey(entry)
      if (isStopped || entry.failure !== null || scheduledQueues.has(queueKey)) continue
      scheduledQueues.add(queueKey)
      void withTabLock(lockPrefix + queueKey, () => sendQueue(queueKey))
    }
  }

  return {
    progress,
    send,
    resume() {
      resumed.resolve()
      resumed = Promise.withResolvers()
      send()
    },
    abortUpload: (clientMessageId) => uploads.get(clientMessageId)?.abort(),
    stop() {
      isStopped = true
      resumed.resolve()
      for (const each of uploads.values()) each.abort()
    },
  }
}

type UploadingEntry = OutboxEntry & { attachment: OutgoingAttachment }

const isUploading = (entry: OutboxEntry): entry is UploadingEntry => entry.attachment?.id === null
