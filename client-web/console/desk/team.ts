// The agents of this installation and their status, as everyone is told it.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Agent, AgentStatusValue } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'

export interface Team {
  agents: ReadonlySignal<Agent[]>
  refresh(): Promise<void>
  /** Throws a RequestError. */
  setStatus(status: AgentStatusValue): Promise<void>
  stop(): void
}

export function watchTeam(connection: Connection): Team {
  const agents = signal<Agent[]>([])

  function change(agentId: number, changed: Partial<Agent>): void {
    agents.value = agents.value.map((agent) => (agent.id === agentId ? { ...agent, ...changed } : agent))
  }

  async function refresh(): Promise<void> {
    try {
      agents.value = (await connection.request('agent:list', {})).agents
    } catch (error) {
      // The next connect asks again.
      if (!(error instanceof RequestError)) throw error
    }
  }

  const stop = connection.on('agent:status-changed', ({ agentId, status, lastSeen }) => {
    if (agents.value.some(({ id }) => id === agentId)) change(agentId, { status, lastSeen })
    else void refresh()
  })

  return {
    agents,
    refresh,
    async setStatus(status) {
      const { agent } = await connection.request('agent:set-status', { status })
      change(agent.id, agent)
    },
    stop,
  }
}
