// The assigned agent or an admin releases a conversation to the end of the queue.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { requeue } from '../conversation-state/transitions.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export function releaseConversation(
  app: App,
  actor: AgentActor,
  { conversationId }: RequestPayloads['conversation:release'],
) {
  return changeConversation(app, actor, conversationId, 'released', (conversation) => {
    assertCanManage(actor, conversation)
    if (conversation.status === 'closed') throw new AppError('conversation_closed', 'The conversation is closed.')
    if (conversation.status === 'open') return null
    return requeue(conversation.now)
  })
}
