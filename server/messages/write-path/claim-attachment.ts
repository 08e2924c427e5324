// Which attachment a message may bring along: the sender's own, and one that no other message has brought.

import type { LockedAttachment } from '#db/queries/attachments.ts'
import type { Attachment } from '#protocol/entities.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from './plan-appends.ts'

/**
 * Undefined for plain words; `taken` are those that go with this batch, and it is added there. Throws not_found alike for what does not exist
 * and what is not the sender's.
 */
export function claimAttachment(
  { actor, type, attachmentId }: Send,
  locked: ReadonlyMap<number, LockedAttachment>,
  taken: Set<number>,
): Attachment | undefined {
  if (attachmentId === undefined) return undefined
  const found = locked.get(attachmentId)
  if (found === undefined || found.uploaderId !== actor.userId) {
    throw new AppError('not_found', 'There is no such attachment.')
  }
  if (found.isSent || taken.has(attachmentId))
    throw new AppError('conflict', 'Another message has brought this attachment.')
  if (type === 'image' && found.attachment.width === undefined) {
    throw new AppError('invalid_request', 'The attachment is not a picture.', { path: '/type' })
  }
  taken.add(attachmentId)
  return found.attachment
}
