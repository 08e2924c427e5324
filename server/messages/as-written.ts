// Whether the parts of a message fit together: words need words, a picture or file needs its attachment.

import type { RequestPayloads } from '#protocol/requests.ts'
import { AppError } from '../errors.ts'
import type { Send } from './decide-sends.ts'

type Parts = Omit<RequestPayloads['message:send'], 'conversationId'>

/** Throws invalid_request, naming the part. */
export function asWritten({
  type = 'text',
  content,
  attachmentId,
  clientMessageId,
}: Parts): Omit<Send, 'actor' | 'conversationId'> {
  if (type === 'text' && content === undefined) throw wrong('/content', 'is missing')
  if (type === 'text' && attachmentId !== undefined) throw wrong('/attachmentId', 'is for a picture or a file')
  if (type !== 'text' && attachmentId === undefined) throw wrong('/attachmentId', 'is missing')
  return { clientMessageId, type, content: content ?? '', attachmentId }
}

const wrong = (path: string, complaint: string) => new AppError('invalid_request', `${path} ${complaint}`, { path })
