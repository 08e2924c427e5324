// The agents of this installation, their status as everyone is told it, and how much each has in hand.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Agent, AgentStatusValue, ConversationChange } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'

export interface Team {
  agents: ReadonlySignal<Agent[]>
  refresh(): Promise<void>
  /** Throws a RequestError. */
  setStatus(status: AgentStatusValue): Promise<void>
  stop(): void
}

const debounceMs = 500
/** Changes by which conversations come into hands and out of them. */
const loadChanges: ReadonlySet<ConversationChange> = new Set([
  'claimed',
  'transferred',
  'released',
  'closed',
  'reopened',
])

export function watchTeam(connection: Connection): Team {
  const agents = signal<Agent[]>([])
  /** Who has each conversation in progress, as far as this page was told. */
  const assigneeOf = new Map<number, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function change(agentId: number, changed: Partial<Agent>): void {
    agents.value = agents.value.map((agent) => (agent.id === agentId ? { ...agent, ...changed } : agent))
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    try {
      agents.value = (await connection.request('agent:list', {})).agents
    } catch (error) {
      // The next connect asks again.
      if (!(error instanceof RequestError)) throw error
    }
  }

  function scheduleRefresh(): void {
    timer ??= setTimeout(refresh, debounceMs)
  }

  const undo = [
    connection.on('agent:status-changed', ({ agentId, status, lastSeen }) => {
      if (agents.value.some(({ id }) => id === agentId)) change(agentId, { status, lastSeen })
      else void refresh()
    }),
    connection.on('agent:updated', ({ agentId, agent }) => {
      const others = agents.value.filter(({ id }) => id !== agentId)
      agents.value = agent ? [...others, agent] : others
    }),
    // What was lost on the way is told later under another name: who has it says more than what is said to have changed.
    connection.on('conversation:updated', ({ conversation: { id, status, agent }, change }) => {
      const agentId = status === 'pending' ? agent?.id : undefined
      if (!loadChanges.has(change) && assigneeOf.get(id) === agentId) return
      if (agentId === undefined) assigneeOf.delete(id)
      else assigneeOf.set(id, agentId)
      scheduleRefresh()
    }),
  ]

  return {
    agents,
    refresh,
    async setStatus(status) {
      const { agent } = await connection.request('agent:set-status', { status })
      change(agent.id, agent)
    },
    stop() {
      clearTimeout(timer)
      for (const each of undo) each()
    },
  }
}
