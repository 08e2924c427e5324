// Opens a closed conversation again: by an agent for who had it, by its customer to that agent when online, else to the queue.

import { isVisibleToAgents } from '#db/queries/conversations.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { consumeByCustomer } from '../budgets/by-address.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { reopen } from '../conversation-state/transitions.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

export async function reopenConversation(
  app: App,
  actor: Actor,
  { conversationId }: RequestPayloads['conversation:reopen'],
) {
  if (isCustomer(actor)) consumeByCustomer(app.rates, 'conversationReopens', actor.userId, actor.address)
  return changeConversation(app, actor, conversationId, 'reopened', (conversation) => {
    assertCanManage(actor, conversation)
    if (conversation.status !== 'closed') return null
    if (!isVisibleToAgents(conversation)) return { status: 'open', closedAt: null }
    const takesIt = !isCustomer(actor) || conversation.agentPresence === 'online'
    return reopen(conversation.now, conversation.agentId, takesIt)
  })
}
