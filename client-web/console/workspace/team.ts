// The agents of this installation, with their status and load.

import { type ReadonlySignal, signal } from '@preact/signals'
import type { Agent, AgentStatusValue, ConversationChange } from '#protocol/entities.ts'
import type { Connection } from '../../shared/connection/connection.ts'
import { RequestError } from '../../shared/connection/request-error.ts'
import { withNewestStatus } from './newest-status.ts'

export interface Team {
  agents: ReadonlySignal<Agent[]>
  refresh(): Promise<void>
  /** Throws a RequestError. */
  setStatus(status: AgentStatusValue): Promise<void>
  stop(): void
}

const debounceMs = 500
/** Changes that move a conversation to or from an agent. */
const loadChanges: ReadonlySet<ConversationChange> = new Set([
  'claimed',
  'transferred',
  'released',
  'closed',
  'reopened',
])

export function watchTeam(connection: Connection): Team {
  const agents = signal<Agent[]>([])
  /** The agent of each pending conversation, as far as this page has seen. */
  const assigneeOf = new Map<number, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const find = (agentId: number) => agents.value.find(({ id }) => id === agentId)

  function change(agentId: number, changed: Partial<Agent>): void {
    agents.value = agents.value.map((agent) =>
      agent.id === agentId ? withNewestStatus({ ...agent, ...changed }, agent) : agent,
    )
  }

  async function refresh(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    try {
      const reply = await connection.request('agent:list', {})
      agents.value = reply.agents.map((agent) => withNewestStatus(agent, find(agent.id)))
    } catch (error) {
      // The next reconnect retries.
      if (!(error instanceof RequestError)) throw error
    }
  }

  function scheduleRefresh(): void {
    timer ??= setTimeout(refresh, debounceMs)
  }

  const undo = [
    connection.on('agent:status-changed', ({ agentId, status, lastSeen }) => {
      if (find(agentId)) change(agentId, { status, lastSeen })
      else void refresh()
    }),
    connection.on('agent:updated', ({ agentId, agent }) => {
      const others = agents.value.filter(({ id }) => id !== agentId)
      agents.value = agent ? [...others, withNewestStatus(agent, find(agentId))] : others
    }),
    connection.on('conversation:erased', ({ conversationId }) => {
      if (assigneeOf.delete(conversationId)) scheduleRefresh()
    }),
    // A missed event arrives later with another `change`, so compare the assignee, not `change`.
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
