// Erases one customer for good: sessions, conversations, messages of both sides, files and the customer's row. Works
// beside running nodes and continues where a crash interrupted it.

import type { Database } from '#db/core/database.ts'
import { isForeignKeyViolation } from '#db/core/errors.ts'
import { inTransaction } from '#db/core/transaction.ts'
import { deleteAttachments } from '#db/queries/attachments.ts'
import {
  closeCustomer,
  deleteCustomer,
  deleteMessages,
  emptyForeignMessages,
  findFirstConversation,
  type StoredUpload,
  selectErasedMessages,
  selectUploadsOf,
} from '#db/queries/erase-customer.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import type { FileStore } from '../attachments/file-store.ts'
import { thumbnailOf } from '../attachments/upload-attachment.ts'

export interface Erasure {
  conversations: number
  messages: number
  /** Messages in conversations of other customers, which stay as empty rows. */
  emptiedMessages: number
  sessions: number
  uploads: number
  files: number
  thumbnails: number
  /** Stored names of uploads whose file is not in this uploads folder. */
  missingFiles: string[]
}

interface Parts {
  db: Database
  store: Pick<FileStore, 'remove'>
}

/** `unknown`: no such customer, or already erased. `agent`: an agent or admin, who is left unchanged. */
export async function eraseCustomer(parts: Parts, customerId: number): Promise<Erasure | 'unknown' | 'agent'> {
  const { db } = parts
  const closed = await inTransaction(db, (trx) => closeCustomer(trx, customerId))
  if (closed === undefined) return 'unknown'
  if (closed.role !== 'customer') return 'agent'
  const erasure: Erasure = {
    conversations: 0,
    messages: 0,
    emptiedMessages: 0,
    sessions: closed.sessions,
    uploads: 0,
    files: 0,
    thumbnails: 0,
    missingFiles: [],
  }
  for (let round = 1; ; round++) {
    await eraseConversations(parts, customerId, erasure)
    await eraseUploads(parts, customerId, erasure)
    let emptied: number
    do {
      emptied = await inTransaction(db, (trx) => emptyForeignMessages(trx, customerId))
      erasure.emptiedMessages += emptied
    } while (emptied > 0)
    try {
      await inTransaction(db, (trx) => deleteCustomer(trx, customerId))
      return erasure
    } catch (error) {
      // A node that has not yet ended the customer's connection wrote something more.
      if (!isForeignKeyViolation(error) || round === serverLimits.erasureRounds) throw error
    }
  }
}

async function eraseConversations(parts: Parts, customerId: number, erasure: Erasure): Promise<void> {
  for (;;) {
    const conversationId = await findFirstConversation(parts.db, customerId)
    if (conversationId === undefined) return
    let isConversationGone = false
    while (!isConversationGone) {
      const { ids, uploads } = await selectErasedMessages(parts.db, conversationId)
      const deleteRows = () => inTransaction(parts.db, (trx) => deleteMessages(trx, conversationId, ids))
      isConversationGone = (await removeWithFiles(parts, uploads, erasure, deleteRows)).isConversationGone
      erasure.messages += ids.length
    }
    erasure.conversations += 1
  }
}

async function eraseUploads(parts: Parts, customerId: number, erasure: Erasure): Promise<void> {
  for (;;) {
    const uploads = await selectUploadsOf(parts.db, customerId)
    if (uploads.length === 0) return
    const ids = uploads.map(({ id }) => id)
    await removeWithFiles(parts, uploads, erasure, () => inTransaction(parts.db, (trx) => deleteAttachments(trx, ids)))
  }
}

/**
 * Removes the files before their rows, so that a crash leaves rows to find them by; and after them again, since an
 * upload in progress stores its file after its row.
 */
async function removeWithFiles<T>(
  { store }: Parts,
  uploads: readonly StoredUpload[],
  erasure: Erasure,
  deleteRows: () => Promise<T>,
): Promise<T> {
  const removed = new Set<string>()
  const removeAll = async () => {
    for (const { storedName, isImage } of uploads) {
      if (await store.remove(storedName)) removed.add(storedName)
      if (isImage && (await store.remove(thumbnailOf(storedName)))) removed.add(thumbnailOf(storedName))
    }
  }
  await removeAll()
  const result = await deleteRows()
  await removeAll()
  erasure.uploads += uploads.length
  for (const { storedName, isImage } of uploads) {
    if (removed.has(storedName)) erasure.files += 1
    else erasure.missingFiles.push(storedName)
    if (isImage && removed.has(thumbnailOf(storedName))) erasure.thumbnails += 1
  }
  return result
}
