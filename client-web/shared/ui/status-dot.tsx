// An agent's status as a dot. The word stands beside it or in the label of what is around it: colour alone tells nothing.

import type { AgentStatusValue } from '#protocol/entities.ts'
import styles from './status-dot.module.css'

export function StatusDot({ status }: { status: AgentStatusValue }) {
  return <span class={`${styles.dot} ${styles[status]}`} aria-hidden="true" />
}
