// Ends a conversation; its agent stays named, so that a reopened one finds its way back.

import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { consumeByCustomer } from '../budgets/by-address.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

export async function closeConversation(
  app: App,
  actor: Actor,
  { conversationId }: RequestPayloads['conversation:close'],
) {
  if (isCustomer(actor)) consumeByCustomer(app.rates, 'conversationCloses', actor.userId, actor.address)
  return changeConversation(app, actor, conversationId, 'closed', (conversation) => {
    assertCanManage(actor, conversation)
    if (conversation.status === 'closed') return null
    const closed = { status: 'closed', closedAt: conversation.now, queuedAt: null } as const
    // Agents go on seeing what they have seen, though nobody has written in it.
    return isVisibleToAgents({ ...conversation, ...closed }) ? closed : { ...closed, queuedAt: conversation.queuedAt }
  })
}
