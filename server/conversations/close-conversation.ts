// Ends a conversation; its agent stays named, so that a reopened one finds its way back.

import type { RequestPayloads } from '#protocol/requests.ts'
import type { Actor } from '../actor.ts'
import type { App } from '../context.ts'
import { assertMayHandle } from './access.ts'
import { changeConversation } from './change-conversation.ts'

export function closeConversation(app: App, actor: Actor, { conversationId }: RequestPayloads['conversation:close']) {
  return changeConversation(app, actor, conversationId, 'closed', (conversation) => {
    assertMayHandle(actor, conversation)
    if (conversation.status === 'closed') return null
    return { status: 'closed', closedAt: conversation.now, queuedAt: null }
  })
}
