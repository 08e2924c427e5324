// Publishes an agent's name and role, or removal, to agents. presence.ts publishes statuses.

import { findAgent } from '#db/queries/agents.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'

/** Call after the commit of a change; never throws. `conversationIds` are the touched ones that name the agent. */
export async function publishAgent(app: App, agentId: number, conversationIds: readonly number[] = []): Promise<void> {
  try {
    const agent = (await findAgent(app.db, agentId)) ?? null
    app.publish('agent:updated', { agents: true }, { agentId, agent })
  } catch (error) {
    // Clients read the list again when they reconnect.
    app.log.warn({ err: error, agentId }, 'agent publish failed')
  }
  await publishMany(app, conversationIds, 'agent')
}
