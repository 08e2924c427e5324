// Colleagues with their status and number of conversations.

import type { Agent } from '#protocol/entities.ts'
import { Avatar } from '../../shared/ui/avatar.tsx'
import { StatusDot } from '../../shared/ui/status-dot.tsx'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import styles from './team-list.module.css'

const rank = { online: 0, busy: 1, offline: 2 }

/** Available agents first, then by name. */
export function byPresence(agents: readonly Agent[]): Agent[] {
  return agents.toSorted((a, b) => rank[a.status] - rank[b.status] || a.name.localeCompare(b.name))
}

export function TeamList() {
  const agents = useWorkspace().team.agents.value
  return (
    <ul class={styles.team}>
      {byPresence(agents).map((agent) => (
        <li key={agent.id}>
          <AgentLine agent={agent} />
        </li>
      ))}
    </ul>
  )
}

export function AgentLine({ agent }: { agent: Agent }) {
  const t = texts.value
  return (
    <span class={styles.agent}>
      <Avatar id={agent.id} name={agent.name} />
      <span class={styles.name}>{agent.name}</span>
      <span class={styles.status}>
        <span>
          <StatusDot status={agent.status} /> {t.status[agent.status]}
        </span>
        <span>{t.nothingSelected.load(agent.openConversations)}</span>
      </span>
    </span>
  )
}
