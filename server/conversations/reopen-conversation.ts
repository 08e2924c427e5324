// Opens a closed conversation again: by an agent for who had it, by its customer to that agent when online, else to the queue.

import type { RequestPayloads } from '#protocol/requests.ts'
import { type Actor, isCustomer } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMayHandle } from './access.ts'
import { changeConversation } from './change-conversation.ts'
import { reopened } from './states.ts'

export function reopenConversation(app: App, actor: Actor, { conversationId }: RequestPayloads['conversation:reopen']) {
  return changeConversation(app, actor, conversationId, 'reopened', (conversation) => {
    assertMayHandle(actor, conversation)
    if (conversation.status !== 'closed') return null
    const takesIt = !isCustomer(actor) || conversation.agentPresence === 'online'
    return reopened(conversation.now, conversation.agentId, takesIt)
  })
}
