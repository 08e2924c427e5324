// One file comes in: received, looked at, and kept with a row that says whose it is. Only its uploader can see it until a message brings it.
// The row is there before the file and goes after it, so that no file is ever without one.

import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import {
  deleteAttachments,
  deleteStoredAttachment,
  insertAttachment,
  type NewAttachment,
  sumUploaded,
} from '#db/attachments.ts'
import { inTransaction } from '#db/transaction.ts'
import { isBlocked } from '#db/users.ts'
import type { Attachment } from '#protocol/entities.ts'
import { attachmentTypes, limits } from '#protocol/limits.ts'
import { type Actor, isCustomer } from '../actor.ts'
import { assertStillMay } from '../auth/assert-still-may.ts'
import type { App } from '../context.ts'
import { AppError } from '../errors.ts'
import { attachmentName } from './attachment-name.ts'
import type { Finding } from './examine-file.ts'
import type { IncomingFile } from './incoming.ts'

export interface Upload {
  /** As the sender's program calls it. */
  name: string
  content: AsyncIterable<Buffer>
}

/** `receive` gives the upload once the actor may make one: nothing is read from strangers. */
export async function uploadAttachment(app: App, actor: Actor, receive: () => Promise<Upload>): Promise<Attachment> {
  app.rates.consume(isCustomer(actor) ? 'customerUploads' : 'agentUploads', actor.userId)
  const done = app.attachments.begin(actor.userId)
  try {
    if (isCustomer(actor)) await assertMayUpload(app, actor.userId)
    const { name, content } = await receive()
    const file = await app.attachments.incoming.receive(content)
    try {
      return await keep(app, actor, name, file)
    } finally {
      await file.discard()
    }
  } finally {
    done()
  }
}

async function assertMayUpload({ db }: App, customerId: number): Promise<void> {
  if (await isBlocked(db, customerId)) throw blocked()
  if ((await sumUploaded(db, customerId)) >= limits.customerUploadBytes) {
    throw new AppError('conflict', 'You have uploaded as much as there is room for.', {
      limit: limits.customerUploadBytes,
    })
  }
}

const blocked = () => new AppError('forbidden', 'You cannot write here any more.')

async function keep(app: App, actor: Actor, givenName: string, file: IncomingFile): Promise<Attachment> {
  if (file.size === 0) throw new AppError('invalid_request', 'The file is empty.')
  const { path, madePath, thumbnailPath } = file
  const finding = await app.attachments.examiner.examine({ path, madePath, thumbnailPath, name: givenName })
  if (finding.kind === 'refused') throw refusals[finding.why]()
  const storedName = randomBytes(16).toString('hex')
  const kept = finding.kind === 'picture' ? madePath : path
  const row: NewAttachment = {
    uploaderId: actor.userId,
    storedName,
    name: attachmentName(givenName, attachmentTypes[finding.mimeType] ?? []),
    size: finding.kind === 'picture' ? (await stat(madePath)).size : file.size,
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
    if (finding.kind === 'picture') await app.attachments.store.put(thumbnailOf(storedName), thumbnailPath)
    return attachment
  } catch (error) {
    await deleteAttachments(app.db, [attachment.id])
    throw error
  }
}

export const thumbnailOf = (storedName: string) => `${storedName}.thumbnail`

const described = (finding: Exclude<Finding, { kind: 'refused' }>) =>
  finding.kind === 'file'
    ? { mimeType: finding.mimeType }
    : { mimeType: finding.mimeType, width: finding.width, height: finding.height }

const refusals = {
  type: () => new AppError('invalid_request', 'Files of this type cannot be attached.', { why: 'type' }),
  broken: () => new AppError('invalid_request', 'The picture cannot be read.', { why: 'broken' }),
  pixels: () =>
    new AppError('too_large', `A picture may have ${limits.imagePixels} pixels.`, { limit: limits.imagePixels }),
} as const
