// Uploads one file: staged, inspected, then stored with a row that names its uploader. The row is inserted before the
// file and deleted after it, so no file is ever without a row.

import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { inTransaction } from '#db/core/transaction.ts'
import {
  deleteAttachments,
  deleteStoredAttachment,
  findAttachment,
  insertAttachment,
  type NewAttachment,
  sumUploadedBytes,
} from '#db/queries/attachments.ts'
import { isBlocked } from '#db/queries/users.ts'
import { attachmentTypes } from '#protocol/attachment-types.ts'
import type { Attachment } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import { unauthorized } from '../auth/tokens.ts'
import type { App } from '../context.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { attachmentName } from './attachment-name.ts'
import type { InspectionResult } from './inspect-file.ts'
import type { StagedUpload } from './staged-uploads.ts'

export interface Upload {
  /** The file name that the sender gave. */
  name: string
  content: AsyncIterable<Buffer>
}

export interface UploadSource {
  /** Called once the actor is authorized; nothing is read before. */
  receive: () => Promise<Upload>
  /** Aborted when the sender disconnects, which drops an upload that waits for the inspector. */
  signal: AbortSignal
}

export async function uploadAttachment(app: App, actor: Actor, source: UploadSource): Promise<Attachment> {
  app.rates.consume(isCustomer(actor) ? 'customerUploads' : 'agentUploads', actor.userId)
  if (isCustomer(actor)) app.rates.check('inspectionMsPerCustomer', actor.userId)
  const slots = app.attachments.acquire(actor)
  try {
    if (isCustomer(actor)) await assertMayUpload(app, actor.userId)
    const { name, content } = await source.receive()
    const file = await app.attachments.staged.receive(content)
    slots.received()
    try {
      return await storeUpload(app, actor, source, name, file)
    } finally {
      await file.discard()
    }
  } finally {
    slots.release()
  }
}

async function assertMayUpload({ db }: App, customerId: number): Promise<void> {
  if (await isBlocked(db, customerId)) throw blocked()
  if ((await sumUploadedBytes(db, customerId)) >= limits.customerUploadBytes) {
    throw new AppError('conflict', 'You have reached your upload limit.', {
      limit: limits.customerUploadBytes,
    })
  }
}

const blocked = () => new AppError('forbidden', 'You cannot write here any more.')

async function storeUpload(
  app: App,
  actor: Actor,
  { signal }: UploadSource,
  givenName: string,
  file: StagedUpload,
): Promise<Attachment> {
  if (file.size === 0) throw new AppError('invalid_request', 'The file is empty.')
  const { path, outputPath, thumbnailPath } = file
  const inspected = await app.attachments.inspector.inspect(
    { path, outputPath, thumbnailPath, name: givenName },
    { userId: actor.userId, isCustomer: isCustomer(actor), addressGroup: actor.address.group, signal },
  )
  if (inspected.kind === 'refused') throw refusalOf(inspected)
  const storedName = randomBytes(16).toString('hex')
  const source = inspected.kind === 'image' ? outputPath : path
  const row: NewAttachment = {
    uploaderId: actor.userId,
    storedName,
    name: attachmentName(givenName, attachmentTypes[inspected.mimeType] ?? []),
    size: inspected.kind === 'image' ? (await stat(outputPath)).size : file.size,
    ...columnsOf(inspected),
  }
  const attachment = await inTransaction(app.db, async (trx, again) => {
    const { isBlocked } = await assertStillMay(trx, actor)
    if (isBlocked) throw blocked()
    // After an ambiguous commit the row may already exist.
    if (again) await deleteStoredAttachment(trx, row)
    return insertAttachment(trx, row)
  })
  try {
    await app.attachments.store.put(storedName, source)
    if (inspected.kind === 'image') await app.attachments.store.put(thumbnailOf(storedName), thumbnailPath)
    // The customer may have been erased since the row was inserted.
    if ((await findAttachment(app.db, attachment.id)) === undefined) throw unauthorized()
    return attachment
  } catch (error) {
    await app.attachments.store.remove(storedName)
    await app.attachments.store.remove(thumbnailOf(storedName))
    await inTransaction(app.db, (trx) => deleteAttachments(trx, [attachment.id]))
    throw error
  }
}

export const thumbnailOf = (storedName: string) => `${storedName}.thumbnail`

type Refusal = Extract<InspectionResult, { kind: 'refused' }>

const columnsOf = (inspected: Exclude<InspectionResult, Refusal>) =>
  inspected.kind === 'file'
    ? { mimeType: inspected.mimeType }
    : { mimeType: inspected.mimeType, width: inspected.width, height: inspected.height }

function refusalOf({ why, limit = limits.imagePixels }: Refusal): AppError {
  if (why === 'pixels') return new AppError('too_large', `Use an image of at most ${limit} pixels.`, { limit })
  if (why === 'broken') return new AppError('invalid_request', 'The image is damaged.', { why })
  const allowed = [...new Set(Object.values(attachmentTypes).flat())]
  return new AppError('invalid_request', 'Files of this type cannot be attached. Use one of `details.allowed`.', {
    why,
    allowed,
  })
}
