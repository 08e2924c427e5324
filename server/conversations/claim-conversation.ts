// An agent claims a queued conversation. The row lock lets exactly one agent win, on any number of nodes.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertCanView } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export function claimConversation(
  app: App,
  actor: AgentActor,
  { conversationId }: RequestPayloads['conversation:claim'],
) {
  return changeConversation(app, actor, conversationId, 'claimed', (conversation) => {
    assertCanView(actor, conversation)
    if (conversation.status === 'closed') throw new AppError('conversation_closed', 'The conversation is closed.')
    if (conversation.status === 'open') {
      return { status: 'pending', agentId: actor.userId, queuedAt: null }
    }
    if (conversation.agentId === actor.userId) return null
    throw new AppError('already_claimed', 'Another agent already claimed this conversation.', {
      agentId: conversation.agentId,
    })
  })
}
