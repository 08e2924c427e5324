// Reads an attachment or an image's thumbnail. It is private to its uploader until a message references it, then
// visible to everyone who can see the conversation.

import { findAttachment } from '#db/queries/attachments.ts'
import { findConversationState } from '#db/queries/conversations.ts'
import type { Attachment } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import { assertCanView } from '../conversation-state/access.ts'
import type { Actor } from '../shared/actor.ts'
import { writeBounded } from '../shared/bounded-log.ts'
import { AppError } from '../shared/errors.ts'
import type { StoredFile } from './file-store.ts'
import { thumbnailOf } from './upload-attachment.ts'

export interface AttachmentFile extends StoredFile {
  attachment: Attachment
}

/** Throws the same not_found for a missing and for an invisible attachment. */
export async function readAttachment(
  app: App,
  actor: Actor,
  { id, size }: { id: number; size: 'whole' | 'thumbnail' },
): Promise<AttachmentFile> {
  const found = await findAttachment(app.db, id)
  if (found === undefined) throw noSuchAttachment()
  const { attachment, storedName, uploaderId, conversationId } = found
  if (conversationId !== null) assertCanView(actor, await findConversationState(app.db, conversationId))
  else if (uploaderId !== actor.userId) throw noSuchAttachment()
  if (size === 'thumbnail' && attachment.width === undefined) throw noSuchAttachment()
  const file = await app.attachments.store.open(size === 'whole' ? storedName : thumbnailOf(storedName))
  if (file === null) {
    writeBounded(app, { kind: 'attachment_file_missing', budget: 'failureLogLines' }, () =>
      app.log.error({ attachmentId: id }, 'attachment file missing, check that all nodes share the uploads folder'),
    )
    throw noSuchAttachment()
  }
  return { ...file, attachment }
}

const noSuchAttachment = () => new AppError('not_found', 'There is no such attachment.')
