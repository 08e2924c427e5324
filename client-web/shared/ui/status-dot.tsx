// An agent's status as a dot. The word is always next to it or in a label, since colour alone is not accessible.

import type { AgentStatusValue } from '#protocol/entities.ts'
import styles from './status-dot.module.css'

export function StatusDot({ status }: { status: AgentStatusValue }) {
  return <span class={`${styles.dot} ${styles[status]}`} aria-hidden="true" />
}
