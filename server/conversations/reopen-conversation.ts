// Reopens a closed conversation. An agent gives it back to its last agent; a customer only if that agent is online,
// else to the queue. A disabled agent gets nothing back.

import { lockEnabledAgent } from '#db/queries/agents.ts'
import { findConversationState, isVisibleToAgents } from '#db/queries/conversations.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { consumeByCustomer } from '../budgets/by-address.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { reopen, reopenEmpty } from '../conversation-state/transitions.ts'
import { type Actor, isCustomer } from '../shared/actor.ts'

export async function reopenConversation(
  app: App,
  actor: Actor,
  { conversationId }: RequestPayloads['conversation:reopen'],
) {
  if (isCustomer(actor)) consumeByCustomer(app.rates, 'conversationReopens', actor.userId, actor.address)
  let enabledAgentId: number | undefined
  return changeConversation(
    app,
    actor,
    conversationId,
    'reopened',
    (conversation) => {
      assertCanManage(actor, conversation)
      if (conversation.status !== 'closed') return null
      if (!isVisibleToAgents(conversation)) return reopenEmpty(conversation)
      const isEnabled = conversation.agentId === enabledAgentId
      const isAvailable = isEnabled && (!isCustomer(actor) || conversation.agentPresence === 'online')
      return reopen(conversation, isAvailable)
    },
    async (trx) => {
      const { agentId } = (await findConversationState(trx, conversationId)) ?? { agentId: null }
      const isEnabled = agentId !== null && (await lockEnabledAgent(trx, agentId)) !== undefined
      enabledAgentId = isEnabled ? agentId : undefined
    },
  )
}
