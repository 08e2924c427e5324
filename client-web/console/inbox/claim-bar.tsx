// Replaces the composer where the agent cannot write: to claim, assigned to a colleague, or closed.

import { useState } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { now } from '../../shared/clock.ts'
import { formatDuration } from '../../shared/i18n/formats.ts'
import { plainName } from '../../shared/person-name.ts'
import { Button } from '../../shared/ui/button.tsx'
import { plainCustomerName } from '../customer-name.ts'
import { navigate, paths } from '../router.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { permissionsOf, runAction } from './actions.ts'
import styles from './claim-bar.module.css'

interface ClaimBarProps {
  conversation: AgentConversation
  view: ConversationView
}

export function ClaimBar({ conversation, view }: ClaimBarProps) {
  const workspace = useWorkspace()
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value.thread
  const { id, status, customer, agent, queuedAt, createdAt } = conversation

  async function claim(): Promise<void> {
    setIsBusy(true)
    const isMine = await runAction(workspace, 'conversation:claim', { conversationId: id })
    setIsBusy(false)
    // The conversation has left the queue. Switching the view keeps it visible in the list.
    if (isMine && view === 'queue') navigate(paths.conversation(id, 'mine'), 'replace')
  }

  if (permissionsOf(conversation, workspace).canClaim) {
    return (
      <div class={styles.bar}>
        <p>
          <strong>{t.claimHint(plainCustomerName(customer))}</strong>
          <span>{t.waitingSince(formatDuration(queuedAt ?? createdAt, now.value))}</span>
        </p>
        <Button variant="primary" busy={isBusy} onClick={() => void claim()}>
          {t.claim}
        </Button>
      </div>
    )
  }
  return (
    <div class={styles.bar}>
      <p>{status === 'closed' ? t.closedHint : t.colleagueHint(agent ? plainName(agent) : '')}</p>
    </div>
  )
}
