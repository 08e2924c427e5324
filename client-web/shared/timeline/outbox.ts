// What one person has sent on one surface and the server has not acknowledged: kept before it goes out, sent in order, always under the
// same clientMessageId, until it is acknowledged or refused for good. All tabs show the same; one of them sends at a time. A picture or file
// is uploaded first, one after another, and holds up no words meanwhile.

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Attachment, Message, MessageType } from '#protocol/entities.ts'
import type { Files } from '../attachments/files.ts'
import { backoffMs } from '../connection/backoff.ts'
import { newId } from '../connection/new-id.ts'
import { RequestError, type RequestErrorCode } from '../connection/request-error.ts'
import { openRecords } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { openChannel, withTabLock } from '../storage/tabs.ts'

/** A picture or file on its way. */
export interface OutgoingAttachment extends Omit<Attachment, 'id'> {
  /** null until it is uploaded. */
  id: number | null
  file: Blob
}

export interface OutboxEntry {
  clientMessageId: string
  /** null while it has none: it goes to the one that is there by then, or begins one. */
  conversationId: number | null
  /** Of a picture or file its name. */
  content: string
  attachment?: OutgoingAttachment
  createdAt: string
  /** Where it stands in the order of what was typed. */
  position: number
  /** Why it cannot be sent as it is; null while it can. */
  failure: RequestErrorCode | null
}

export interface Outbox {
  entries: ReadonlySignal<readonly OutboxEntry[]>
  /** The message acknowledged last, to this tab or to another. */
  sent: ReadonlySignal<Message | null>
  /** How much of each upload of this tab has gone, from 0 to 1, by clientMessageId. */
  progress: ReadonlySignal<ReadonlyMap<string, number>>
  /** Resolves once it is kept. */
  add(conversationId: number | null, content: string, attachment?: OutgoingAttachment): Promise<void>
  /** From its first try on, an entry belongs to one conversation. Resolves once that is kept. */
  assignConversation(clientMessageId: string, conversationId: number): Promise<void>
  /** Tries again what was refused. */
  retry(clientMessageId: string): void
  /** Given up by who wrote it. */
  remove(clientMessageId: string): void
  /** The connection came or went: no reason to wait longer. */
  resume(): void
  /** Ends sending; what is left stays kept. */
  stop(): void
  /** Ends sending and forgets what is left. */
  clear(): Promise<void>
}

export interface OutboxOptions {
  /** Its area is whose outbox it is. */
  storage: Storage
  /** What has the same lane goes out one after another. */
  queueKeyOf: (entry: OutboxEntry) => string
  /** Sends one and resolves with the message once it is acknowledged; rejects with a RequestError. */
  deliver: (entry: OutboxEntry) => Promise<Message>
  upload: Files['upload']
}

/** An entry as the wire has it; it has been uploaded. */
export function messageParts({ clientMessageId, content, attachment }: OutboxEntry) {
  if (!attachment) return { clientMessageId, content }
  const type: MessageType = attachment.width === undefined ? 'file' : 'image'
  return { clientMessageId, type, attachmentId: attachment.id as number }
}

type Change = (entry: OutboxEntry | undefined) => OutboxEntry | undefined

export function openOutbox({ storage, queueKeyOf, deliver, upload }: OutboxOptions): Outbox {
  const name = `${storage.area}outbox:`
  const records = openRecords<OutboxEntry>(storage)
  const channel = openChannel(name)
  const entries = signal<readonly OutboxEntry[]>([])
  const sent = signal<Message | null>(null)
  const progress = signal<ReadonlyMap<string, number>>(new Map())
  const uploads = new Map<string, AbortController>()
  /** A browser that keeps no files has those of this page. */
  const files = new Map<string, Blob>()
  const activeQueues = new Set<string>()
  let writes = 0
  let reads = 0
  let isStopped = false
  let resumed = Promise.withResolvers<void>()

  /** Shown at once, then kept, then on its way, before other tabs are told: who wrote it is the first to send it. */
  async function change(clientMessageId: string, update: Change, acknowledged: Message | null = null): Promise<void> {
    writes++
    batch(() => {
      if (acknowledged) sent.value = acknowledged
      const updated = update(entries.value.find((each) => each.clientMessageId === clientMessageId))
      const others = entries.value.filter((each) => each.clientMessageId !== clientMessageId)
      entries.value = updated ? sorted([...others, updated]) : others
    })
    await records.change(clientMessageId, update)
    writes--
    send()
    if (!isStopped) channel?.postMessage(acknowledged)
    await read()
  }

  /** What is kept is the truth, unless this tab is just changing it. */
  async function read(): Promise<void> {
    const readId = ++reads
    const stored = await list()
    if (readId === reads && writes === 0) entries.value = stored
  }

  async function refresh(): Promise<void> {
    await read()
    send()
  }

  async function list(): Promise<OutboxEntry[]> {
    const stored = (await records.list()).map((entry) => {
      const { clientMessageId: id, attachment } = entry
      if (!attachment || attachment.file instanceof Blob) return entry
      return { ...entry, attachment: { ...attachment, file: files.get(id) ?? new Blob() } }
    })
    return sorted(stored)
  }

  async function uploadFirst({ clientMessageId: id, attachment }: Uploading): Promise<void> {
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
      await change(id, (entry) => entry && { ...entry, attachment: { ...attachment, ...uploaded } })
    } finally {
      uploads.delete(id)
      showProgress(null)
    }
  }

  async function sendQueue(queueKey: string): Promise<void> {
    let failures = 0
    activeQueues.delete(queueKey)
    while (!isStopped) {
      // Asked anew each time: another tab may have sent it.
      const entry = (await list()).find((each) => each.failure === null && uploadOrQueueKey(each) === queueKey)
      if (!entry || isStopped) return
      const { clientMessageId } = entry
      try {
        if (isUploading(entry)) await uploadFirst(entry)
        else await change(clientMessageId, () => undefined, await deliver(entry))
        failures = 0
      } catch (error) {
        const { code, retryable, retryAfterMs } = RequestError.of(error)
        // A session that ended is renewed by the connection, which then wakes this outbox.
        if (code === 'offline' || code === 'unauthorized') return
        if (!retryable) await change(clientMessageId, (entry) => entry && { ...entry, failure: code })
        else await wait(retryAfterMs ?? backoffMs(++failures))
      }
    }
  }

  const uploadOrQueueKey = (entry: OutboxEntry) => (isUploading(entry) ? 'upload' : queueKeyOf(entry))

  async function wait(ms: number): Promise<void> {
    await Promise.race([resumed.promise, new Promise((resolve) => setTimeout(resolve, ms))])
  }

  function send(): void {
    for (const entry of entries.value) {
      const queueKey = uploadOrQueueKey(entry)
      if (isStopped || entry.failure !== null || activeQueues.has(queueKey)) continue
      activeQueues.add(queueKey)
      void withTabLock(name + queueKey, () => sendQueue(queueKey))
    }
  }

  function resume(): void {
    resumed.resolve()
    resumed = Promise.withResolvers()
    send()
  }

  function stop(): void {
    isStopped = true
    resumed.resolve()
    for (const each of uploads.values()) each.abort()
    channel?.close()
    unwatch()
  }

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data) sent.value = data as Message
      void refresh()
    }
  }
  const unwatch = records.watch(() => void refresh())
  void refresh()

  return {
    entries,
    sent,
    progress,
    add(conversationId, content, attachment) {
      const entry: OutboxEntry = {
        clientMessageId: newId(),
        conversationId,
        content,
        createdAt: new Date().toISOString(),
        position: Math.max(Date.now(), (entries.value.at(-1)?.position ?? 0) + 1),
        failure: null,
        ...(attachment && { attachment }),
      }
      if (attachment) files.set(entry.clientMessageId, attachment.file)
      return change(entry.clientMessageId, () => entry)
    },
    assignConversation: (clientMessageId, conversationId) =>
      change(clientMessageId, (entry) => entry && { ...entry, conversationId }),
    retry: (clientMessageId) => void change(clientMessageId, (entry) => entry && resetForRetry(entry)),
    remove(clientMessageId) {
      void change(clientMessageId, () => undefined)
      uploads.get(clientMessageId)?.abort()
    },
    resume,
    stop,
    async clear() {
      stop()
      entries.value = []
      await records.clear()
    },
  }
}

type Uploading = OutboxEntry & { attachment: OutgoingAttachment }

const isUploading = (entry: OutboxEntry): entry is Uploading => entry.attachment?.id === null

/** The upload may have been refused, or be gone by now: it is made anew. */
function resetForRetry({ attachment, ...entry }: OutboxEntry): OutboxEntry {
  return { ...entry, failure: null, ...(attachment && { attachment: { ...attachment, id: null } }) }
}

function sorted(entries: readonly OutboxEntry[]): OutboxEntry[] {
  return entries.toSorted((a, b) => a.position - b.position || (a.clientMessageId < b.clientMessageId ? -1 : 1))
}
