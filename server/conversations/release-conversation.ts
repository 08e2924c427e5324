// Whoever has a conversation puts it back at the end of the queue.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertMayHandle } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { intoQueue } from '../conversation-state/transitions.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export function releaseConversation(
  app: App,
  actor: AgentActor,
  { conversationId }: RequestPayloads['conversation:release'],
) {
  return changeConversation(app, actor, conversationId, 'released', (conversation) => {
    assertMayHandle(actor, conversation)
    if (conversation.status === 'closed') throw new AppError('conversation_closed', 'The conversation is closed.')
    if (conversation.status === 'open') return null
    return intoQueue(conversation.now)
  })
}
