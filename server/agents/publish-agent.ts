// Tells agents how one of them stands: name, role, whether still one of them. Who is connected is told by presence.ts.

import { findAgent } from '#db/queries/agents.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'

/** After the commit of a change; never throws. `conversationIds` are those that name the agent and were touched. */
export async function publishAgent(app: App, agentId: number, conversationIds: readonly number[] = []): Promise<void> {
  try {
    const agent = (await findAgent(app.db, agentId)) ?? null
    app.publish('agent:updated', { agents: true }, { agentId, agent })
  } catch (error) {
    // Whoever connects next reads the list anew.
    app.log.warn({ err: error, agentId }, 'could not tell an agent')
  }
  await publishMany(app, conversationIds, 'agent')
}
