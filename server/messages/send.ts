// A message that an actor asks to write, after validation.

import type { MessageType } from '#protocol/entities.ts'
import type { Actor } from '../shared/actor.ts'

export interface Send {
  actor: Actor
  conversationId: number
  clientMessageId: string
  type: MessageType
  /** '' for an image or file without a caption; the message then carries the attachment's name. */
  content: string
  /** For images and files only. */
  attachmentId?: number | undefined
}
