// Validates that the parts of a message fit together: text needs content, an image or file needs an attachment.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import type { Send } from './send.ts'

/** Throws invalid_request with the path of the invalid part. */
export function toSend(
  actor: Actor,
  { conversationId, clientMessageId, type = 'text', content, attachmentId }: RequestPayloads['message:send'],
): Send {
  if (type === 'text' && content === undefined) throw invalid('/content', 'is missing')
  if (type === 'text' && attachmentId !== undefined) throw invalid('/attachmentId', 'is only for an image or a file')
  if (type !== 'text' && attachmentId === undefined) throw invalid('/attachmentId', 'is missing')
  return { actor, conversationId, clientMessageId, type, content: content ?? '', attachmentId }
}

const invalid = (path: string, problem: string) => new AppError('invalid_request', `${path} ${problem}`, { path })
