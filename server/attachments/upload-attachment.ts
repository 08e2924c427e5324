// One file comes in: staged, inspected, and kept with a row that says whose it is. Only its uploader can see it until a message brings it.
// The row is there before the file and goes after it, so that no file is ever without one.

import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { inTransaction } from '#db/core/transaction.ts'
import {
  deleteAttachments,
  deleteStoredAttachment,
  insertAttachment,
  type NewAttachment,
  sumUploadedBytes,
} from '#db/queries/attachments.ts'
import { isBlocked } from '#db/queries/users.ts'
import { attachmentTypes } from '#protocol/attachment-types.ts'
import type { Attachment } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { attachmentName } from './attachment-name.ts'
import type { InspectionResult } from './inspect-file.ts'
import type { StagedUpload } from './staged-uploads.ts'

export interface Upload {
  /** As the sender's program calls it. */
  name: string
  content: AsyncIterable<Buffer>
}

export interface UploadSource {
  /** Gives the upload once the actor may make one: nothing is read from strangers. */
  receive: () => Promise<Upload>
  /** Aborted when the sender has gone: an upload that still waits for the inspector is dropped. */
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
      return await keep(app, actor, source, name, file)
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
    throw new AppError('conflict', 'You have uploaded as much as there is room for.', {
      limit: limits.customerUploadBytes,
    })
  }
}

const blocked = () => new AppError('forbidden', 'You cannot write here any more.')

async function keep(
  app: App,
  actor: Actor,
  { signal }: UploadSource,
  givenName: string,
  file: StagedUpload,
): Promise<Attachment> {
  if (file.size === 0) throw new AppError('invalid_request', 'The file is empty.')
  const { path, outputPath, thumbnailPath } = file
  const finding = await app.attachments.inspector.inspect(
    { path, outputPath, thumbnailPath, name: givenName },
    { userId: actor.userId, isCustomer: isCustomer(actor), addressGroup: actor.address.group, signal },
  )
  if (finding.kind === 'refused') throw refusalOf(finding)
  const storedName = randomBytes(16).toString('hex')
  const kept = finding.kind === 'image' ? outputPath : path
  const row: NewAttachment = {
    uploaderId: actor.userId,
    storedName,
    name: attachmentName(givenName, attachmentTypes[finding.mimeType] ?? []),
    size: finding.kind === 'image' ? (await stat(outputPath)).size : file.size,
    ...described(finding),
  }
  const attachment = await inTransaction(app.db, async (trx, again) => {
    const { isBlocked } = await assertStillMay(trx, actor)
    if (isBlocked) throw blocked()
    // After an ambiguous commit it may be there already.
    if (again) await deleteStoredAttachment(trx, row)
    return insertAttachment(trx, row)
  })
  try {
    await app.attachments.store.put(storedName, kept)
    if (finding.kind === 'image') await app.attachments.store.put(thumbnailOf(storedName), thumbnailPath)
    return attachment
  } catch (error) {
    await deleteAttachments(app.db, [attachment.id])
    throw error
  }
}

export const thumbnailOf = (storedName: string) => `${storedName}.thumbnail`

type Refusal = Extract<InspectionResult, { kind: 'refused' }>

const described = (finding: Exclude<InspectionResult, Refusal>) =>
  finding.kind === 'file'
    ? { mimeType: finding.mimeType }
    : { mimeType: finding.mimeType, width: finding.width, height: finding.height }

function refusalOf({ why, limit = limits.imagePixels }: Refusal): AppError {
  if (why === 'pixels') return new AppError('too_large', `Such an image may have ${limit} pixels.`, { limit })
  const message = why === 'type' ? 'Files of this type cannot be attached.' : 'The image cannot be read.'
  return new AppError('invalid_request', message, { why })
}
