// Attachments of messages. The file itself is in the uploads directory under `stored_name`.

import type { Attachment, Message } from '#protocol/entities.ts'
import { serverLimits } from '#protocol/limits/server.ts'
import { limits } from '#protocol/limits/wire.ts'
import { ago } from '../core/clock.ts'
import type { AttachmentsTable, Database, Transaction } from '../core/database.ts'

type AttachmentRow = Pick<AttachmentsTable, 'name' | 'size' | 'width' | 'height'> & { id: number; mimeType: string }

const attachmentColumns = ['id', 'name', 'size', 'mime_type as mimeType', 'width', 'height'] as const

function asAttachment({ id, name, size, mimeType, width, height }: AttachmentRow): Attachment {
  return { id, name, size, mimeType, ...(width === null || height === null ? {} : { width, height }) }
}

export interface NewAttachment extends Omit<Attachment, 'id'> {
  uploaderId: number
  /** Random name of the stored file. */
  storedName: string
}

export async function insertAttachment(trx: Transaction, row: NewAttachment): Promise<Attachment> {
  const { uploaderId, storedName, ...attachment } = row
  const { insertId } = await trx
    .insertInto('attachments')
    .values({
      uploader_id: uploaderId,
      stored_name: storedName,
      name: row.name,
      mime_type: row.mimeType,
      size: row.size,
      width: row.width ?? null,
      height: row.height ?? null,
    })
    .executeTakeFirstOrThrow()
  return { id: Number(insertId), ...attachment }
}

/** With its uploader and the conversation of its message; conversationId is null until a message references it. */
export async function findAttachment(db: Database, id: number) {
  const row = await db
    .selectFrom('attachments')
    .leftJoin('messages', 'messages.id', 'attachments.message_id')
    .select([
      'attachments.id',
      'attachments.name',
      'attachments.size',
      'attachments.mime_type as mimeType',
      'attachments.width',
      'attachments.height',
      'attachments.stored_name as storedName',
      'attachments.uploader_id as uploaderId',
      'messages.conversation_id as conversationId',
    ])
    .where('attachments.id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { storedName, uploaderId, conversationId } = row
  return { attachment: asAttachment(row), storedName, uploaderId, conversationId }
}

/** Adds the attachments of these messages. Runs no query if all are text. */
export async function withAttachments(db: Database, messages: Message[]): Promise<Message[]> {
  const ids = messages.filter(({ type }) => type !== 'text').map(({ id }) => id)
  if (ids.length === 0) return messages
  const rows = await db
    .selectFrom('attachments')
    .select([...attachmentColumns, 'message_id as messageId'])
    .where('message_id', 'in', ids)
    .execute()
  const found = new Map(rows.map((row) => [row.messageId, asAttachment(row)]))
  return messages.map((message) => {
    const attachment = found.get(message.id)
    return attachment ? { ...message, attachment } : message
  })
}

export interface LockedAttachment {
  attachment: Attachment
  uploaderId: number
  isSent: boolean
}

/** Locks the attachments that exist. Runs no query without ids. */
export async function lockAttachments(
  trx: Transaction,
  ids: readonly number[],
): Promise<Map<number, LockedAttachment>> {
  if (ids.length === 0) return new Map()
  const rows = await trx
    .selectFrom('attachments')
    .select([...attachmentColumns, 'uploader_id as uploaderId', 'message_id as messageId'])
    .where('id', 'in', ids)
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(
    rows.map((row) => [
      row.id,
      { attachment: asAttachment(row), uploaderId: row.uploaderId, isSent: row.messageId !== null },
    ]),
  )
}

/** Attaches it to a message, which makes it visible to everyone who can see the conversation. */
export async function linkAttachment(trx: Transaction, id: number, messageId: number): Promise<void> {
  await trx.updateTable('attachments').set({ message_id: messageId }).where('id', '=', id).execute()
}

/** Total size of the stored attachments of one uploader. */
export async function sumUploadedBytes(db: Database, uploaderId: number): Promise<number> {
  const { bytes } = await db
    .selectFrom('attachments')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('size'), eb.lit(0)).as('bytes'))
    .where('uploader_id', '=', uploaderId)
    .executeTakeFirstOrThrow()
  return Number(bytes)
}

/**
 * Locks up to serverLimits.housekeepingRows orphaned attachments, so that no message can claim them. Skips locked rows.
 */
export function lockOrphanedAttachments(trx: Transaction): Promise<{ id: number; storedName: string }[]> {
  return trx
    .selectFrom('attachments')
    .select(['id', 'stored_name as storedName'])
    .where('message_id', 'is', null)
    .where('created_at', '<', ago(limits.orphanedAttachmentMs))
    .limit(serverLimits.housekeepingRows)
    .forUpdate()
    .skipLocked()
    .execute()
}

export async function deleteAttachments(trx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await trx.deleteFrom('attachments').where('id', 'in', ids).execute()
}

/** Deletes the row that an ambiguous commit may have inserted, so that a retry can insert it. */
export async function deleteStoredAttachment(
  trx: Transaction,
  { uploaderId, storedName }: Pick<NewAttachment, 'uploaderId' | 'storedName'>,
): Promise<void> {
  await trx
    .deleteFrom('attachments')
    .where('uploader_id', '=', uploaderId)
    .where('stored_name', '=', storedName)
    .execute()
}
