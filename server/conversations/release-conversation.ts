// The assigned agent or an admin releases a conversation to the queue, where its customer keeps the place.

import { type QueuePlace, selectQueuePlaces } from '#db/queries/queue-places.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import { assertCanManage } from '../conversation-state/access.ts'
import { changeConversation } from '../conversation-state/change-conversation.ts'
import { release } from '../conversation-state/transitions.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export function releaseConversation(
  app: App,
  actor: AgentActor,
  { conversationId }: RequestPayloads['conversation:release'],
) {
  return changeConversation(app, actor, conversationId, 'released', async (conversation, trx) => {
    assertCanManage(actor, conversation)
    if (conversation.status === 'closed') throw new AppError('conversation_closed', 'The conversation is closed.')
    if (conversation.status === 'open') return null
    const places = await selectQueuePlaces(trx, [conversationId])
    return release(conversation.now, places.get(conversationId) as QueuePlace)
  })
}
