// Decides whether a message may use an attachment: its sender uploaded it, and no other message uses it.

import type { LockedAttachment } from '#db/queries/attachments.ts'
import type { Attachment } from '#protocol/entities.ts'
import { AppError } from '../../shared/errors.ts'
import type { Send } from '../send.ts'

/**
 * Undefined for a message without an attachment. `claimed` holds the attachments of this batch; the call adds to it.
 * Throws the same not_found for an attachment that does not exist and for one that somebody else uploaded.
 */
export function claimAttachment(
  { actor, type, attachmentId }: Send,
  locked: ReadonlyMap<number, LockedAttachment>,
  claimed: Set<number>,
): Attachment | undefined {
  if (attachmentId === undefined) return undefined
  const found = locked.get(attachmentId)
  if (found === undefined || found.uploaderId !== actor.userId) {
    throw new AppError('not_found', 'There is no such attachment.')
  }
  if (found.isSent || claimed.has(attachmentId)) throw new AppError('conflict', 'The attachment is already used.')
  if (type === 'image' && found.attachment.width === undefined) {
    throw new AppError('invalid_request', 'The attachment is not an image.', { path: '/type' })
  }
  claimed.add(attachmentId)
  return found.attachment
}
