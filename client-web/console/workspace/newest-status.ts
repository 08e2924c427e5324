// Events and replies about an agent may arrive in another order than the changes of the status.

import type { Agent } from '#protocol/entities.ts'

/** The agent with the newer one of both statuses. */
export function withNewestStatus(agent: Agent, held: Agent | undefined): Agent {
  if (held === undefined || (held.lastSeen ?? '') <= (agent.lastSeen ?? '')) return agent
  return { ...agent, status: held.status, lastSeen: held.lastSeen }
}
