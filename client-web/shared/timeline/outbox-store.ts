// The stored entries of an outbox and the signals that show them. All tabs of the browser share one store.

import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Attachment, Message, MessageType } from '#protocol/entities.ts'
import type { RequestErrorCode } from '../connection/request-error.ts'
import { openRecords } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { openChannel } from '../storage/tabs.ts'

/** An image or file that is being sent. */
export interface OutgoingAttachment extends Omit<Attachment, 'id'> {
  /** null until it is uploaded. */
  id: number | null
  file: Blob
}

export interface OutboxEntry {
  clientMessageId: string
  /** null until the first attempt: the entry then joins the current conversation or starts one. */
  conversationId: number | null
  /** For an attachment, its file name. */
  content: string
  attachment?: OutgoingAttachment
  createdAt: string
  /** Sort key: the order of writing. */
  position: number
  /** The error that stopped this entry; null while it can still be sent. */
  failure: RequestErrorCode | null
}

export interface OutboxStore {
  entries: ReadonlySignal<readonly OutboxEntry[]>
  /** The message acknowledged last, in this tab or another. */
  sent: ReadonlySignal<Message | null>
  /** Adds an entry; resolves once it is stored. */
  add(entry: OutboxEntry): Promise<void>
  /** Updates one entry; undefined deletes it. `acknowledged` is the message that replaces it. */
  change(clientMessageId: string, update: Update, acknowledged?: Message): Promise<void>
  /** Reads the stored entries, which another tab may have changed. */
  list(): Promise<OutboxEntry[]>
  stop(): void
  clear(): Promise<void>
}

type Update = (entry: OutboxEntry | undefined) => OutboxEntry | undefined

/** The entry as `message:send` takes it; an attachment must be uploaded by then. */
export function messageParts({ clientMessageId, content, attachment }: OutboxEntry) {
  if (!attachment) return { clientMessageId, content }
  const type: MessageType = attachment.width === undefined ? 'file' : 'image'
  return { clientMessageId, type, attachmentId: attachment.id as number }
}

/** `onStored` runs whenever entries were stored here or in another tab. */
export function openOutboxStore(storage: Storage, channelName: string, onStored: () => void): OutboxStore {
  const records = openRecords<OutboxEntry>(storage)
  const channel = openChannel(channelName)
  const entries = signal<readonly OutboxEntry[]>([])
  const sent = signal<Message | null>(null)
  /** Files of this page, for browsers that cannot store blobs. */
  const files = new Map<string, Blob>()
  let pendingWrites = 0
  let reads = 0
  let isStopped = false

  // Show, store, send, then notify the other tabs: the tab that wrote an entry is the first to send it.
  async function change(clientMessageId: string, update: Update, acknowledged: Message | null = null): Promise<void> {
    pendingWrites++
    batch(() => {
      if (acknowledged) sent.value = acknowledged
      const updated = update(entries.value.find((each) => each.clientMessageId === clientMessageId))
      const others = entries.value.filter((each) => each.clientMessageId !== clientMessageId)
      entries.value = updated ? sorted([...others, updated]) : others
    })
    await records.change(clientMessageId, update)
    pendingWrites--
    onStored()
    if (!isStopped) channel?.postMessage(acknowledged)
    await read()
  }

  /** The stored entries win, unless this tab is writing or a later read has started. */
  async function read(): Promise<void> {
    const readId = ++reads
    const stored = await list()
    if (readId === reads && pendingWrites === 0) entries.value = stored
  }

  async function refresh(): Promise<void> {
    await read()
    onStored()
  }

  async function list(): Promise<OutboxEntry[]> {
    const stored = (await records.list()).map((entry) => {
      const { clientMessageId: id, attachment } = entry
      if (!attachment || attachment.file instanceof Blob) return entry
      return { ...entry, attachment: { ...attachment, file: files.get(id) ?? new Blob() } }
    })
    return sorted(stored)
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
    change,
    list,
    add(entry) {
      if (entry.attachment) files.set(entry.clientMessageId, entry.attachment.file)
      return change(entry.clientMessageId, () => entry)
    },
    stop() {
      isStopped = true
      channel?.close()
      unwatch()
    },
    async clear() {
      entries.value = []
      await records.clear()
    },
  }
}

function sorted(entries: readonly OutboxEntry[]): OutboxEntry[] {
  return entries.toSorted((a, b) => a.position - b.position || (a.clientMessageId < b.clientMessageId ? -1 : 1))
}
