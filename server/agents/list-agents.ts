// All who may answer, with what is told of them and how many conversations each has.

import { selectAgents } from '#db/queries/agents.ts'
import type { Agent } from '#protocol/entities.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'

export async function listAgents(app: App, _actor: AgentActor): Promise<{ agents: Agent[] }> {
  return { agents: await selectAgents(app.db) }
}
