// Lists all agents and admins with status and number of conversations.

import { selectAgents } from '#db/queries/agents.ts'
import type { Agent } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export async function listAgents(app: App, _actor: AgentActor): Promise<{ agents: Agent[] }> {
  return { agents: await selectAgents(app.db) }
}
