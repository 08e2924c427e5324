// Publishes an agent's name and role, or removal, to agents. presence.ts publishes statuses.

import { agentList, type ChangedAgent, findChangedAgent } from '#db/queries/agents.ts'
import type { App } from '../context.ts'
import { publishMany } from '../conversation-state/publish-conversation.ts'

/** Call after the commit of a change; never throws. `conversationIds` are the touched ones that name the agent. */
export async function publishAgent(app: App, agentId: number, conversationIds: readonly number[] = []): Promise<void> {
  try {
    const changed = await findChangedAgent(app.db, agentId)
    if (changed) publishChangedAgent(app, changed)
  } catch (error) {
    // The reconciler publishes it later.
    app.log.warn({ err: error, agentId }, 'agent publish failed')
  }
  await publishMany(app, conversationIds, 'agent')
}

export function publishChangedAgent(
  app: Pick<App, 'publish' | 'publishedVersions'>,
  { id, version, agent }: ChangedAgent,
  reach: { local?: true } = {},
): void {
  // Of concurrent changes the later one may have been read and published first.
  if (version < app.publishedVersions.get(agentList, id)) return
  app.publish('agent:updated', { agents: true, ...reach }, { agentId: id, agent })
  app.publishedVersions.record(agentList, id, version)
}
