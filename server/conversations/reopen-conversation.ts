// Opens a closed conversation again: by an agent for who had it, by its customer to that agent when online, else to the queue.

import { listPresence } from '#db/agents.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMayHandle } from './access.ts'
import { changeConversation } from './change-conversation.ts'
import { reopened } from './states.ts'

export function reopenConversation(app: App, actor: Actor, { conversationId }: RequestPayloads['conversation:reopen']) {
  return changeConversation(app, actor, conversationId, 'reopened', async (conversation, now, trx) => {
    assertMayHandle(actor, conversation)
    if (conversation.status !== 'closed') return null
    const { agentId } = conversation
    const presence = isCustomer(actor) && agentId !== null ? await listPresence(trx, [agentId]) : []
    const takesIt = !isCustomer(actor) || presence[0]?.status === 'online'
    return reopened(now, agentId, takesIt)
  })
}
