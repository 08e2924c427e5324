// How many conversations stand in each of an agent's views, up to limits.countCap + 1.

import { countConversationsInViews } from '#db/queries/conversation-records.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export function countConversations(app: App, actor: AgentActor) {
  return countConversationsInViews(app.db, actor.userId)
}
