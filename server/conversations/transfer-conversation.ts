// Transfers a conversation to another agent; without an agentId it releases the conversation.

import { lockEnabledAgent } from '#db/queries/agents.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'
import { releaseConversation } from './release-conversation.ts'

export function transferConversation(
  app: App,
  actor: AgentActor,
  { conversationId, agentId, anyway = false }: RequestPayloads['conversation:transfer'],
) {
  if (agentId === undefined) return releaseConversation(app, actor, { conversationId })
  let target: Awaited<ReturnType<typeof lockEnabledAgent>>
  return changeConversation(
    app,
    actor,
    conversationId,
    'transferred',
    (conversation) => {
      assertCanManage(actor, conversation)
      if (conversation.status === 'closed') throw new AppError('conversation_closed', 'The conversation is closed.')
      if (conversation.status === 'pending' && conversation.agentId === agentId) return null
      if (target === undefined) throw new AppError('not_found', 'There is no such agent.')
      if (target.status === 'offline' && agentId !== actor.userId && !anyway) {
        throw new AppError('conflict', 'The agent is offline. Send anyway: true to transfer all the same.', {
          reason: 'offline',
        })
      }
      return { status: 'pending', agentId, queuedAt: null }
    },
    async (trx) => {
      target = await lockEnabledAgent(trx, agentId)
    },
  )
}
