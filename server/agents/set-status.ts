// Sets the actor's chosen status. It is stored, and published while the agent is connected.

import { findAgent } from '#db/queries/agents.ts'
import type { Agent } from '#protocol/entities.ts'
import type { RequestPayloads } from '#protocol/requests.ts'
import type { App } from '../context.ts'
import type { AgentActor } from '../shared/actor.ts'
import { AppError } from '../shared/errors.ts'

export async function setStatus(
  app: App,
  actor: AgentActor,
  { status }: RequestPayloads['agent:set-status'],
): Promise<{ agent: Agent }> {
  await app.presence.choose(actor, status)
  const agent = await findAgent(app.db, actor.userId)
  if (agent === undefined) throw new AppError('not_found', 'There is no such agent.')
  return { agent }
}
