// Whether the parts of a message fit together: words need words, a picture or file needs its attachment.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { Actor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import type { Send } from './write-path/plan-appends.ts'

/** The message as it is to be written, by whom; throws invalid_request, naming the part that is wrong. */
export function toSend(
  actor: Actor,
  { conversationId, clientMessageId, type = 'text', content, attachmentId }: RequestPayloads['message:send'],
): Send {
  if (type === 'text' && content === undefined) throw wrong('/content', 'is missing')
  if (type === 'text' && attachmentId !== undefined) throw wrong('/attachmentId', 'is for a picture or a file')
  if (type !== 'text' && attachmentId === undefined) throw wrong('/attachmentId', 'is missing')
  return { actor, conversationId, clientMessageId, type, content: content ?? '', attachmentId }
}

const wrong = (path: string, complaint: string) => new AppError('invalid_request', `${path} ${complaint}`, { path })
