// The customer's name, the status of the conversation, and its actions.

import { useState } from 'preact/hooks'
import type { AgentConversation, ConversationView } from '#protocol/entities.ts'
import { Button, IconButton } from '../../shared/ui/button.tsx'
import { BackIcon, CheckIcon, DetailsIcon, RetryIcon, TransferIcon } from '../../shared/ui/icons.tsx'
import { customerName } from '../customer-name.ts'
import { navigate, paths } from '../router.ts'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { permissionsOf, runAction } from './actions.ts'
import { isDetailsShown, showDetails } from './details-visibility.ts'
import styles from './thread-header.module.css'
import { TransferDialog } from './transfer-dialog.tsx'

interface ThreadHeaderProps {
  conversation: AgentConversation
  view: ConversationView
}

export function ThreadHeader({ conversation, view }: ThreadHeaderProps) {
  const workspace = useWorkspace()
  const [isTransferring, setIsTransferring] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value
  const { id, customer, status, agent } = conversation
  const may = permissionsOf(conversation, workspace)
  const isShown = isDetailsShown.value

  async function run(name: 'conversation:close' | 'conversation:reopen'): Promise<void> {
    setIsBusy(true)
    await runAction(workspace, name, { conversationId: id })
    setIsBusy(false)
  }

  return (
    <header class={styles.header}>
      <span class={styles.back}>
        <IconButton label={t.back} icon={<BackIcon />} onClick={() => navigate(paths.inbox(view))} />
      </span>
      <div class={styles.identity}>
        <h2>{customerName(customer)}</h2>
        <p>
          <span class={`${styles.status} ${styles[status]}`}>{t.conversationStatus[status]}</span>
          {agent && status !== 'open' && <span class={styles.agent}>{agent.name}</span>}
        </p>
      </div>
      <div class={styles.actions}>
        {may.canTransfer && (
          <span class={styles.transfer}>
            <Button
              size="sm"
              variant="quiet"
              icon={<TransferIcon size={18} />}
              aria-label={t.thread.transfer}
              title={t.thread.transfer}
              onClick={() => setIsTransferring(true)}
            >
              <span>{t.thread.transfer}</span>
            </Button>
          </span>
        )}
        {may.canClose && (
          <Button size="sm" icon={<CheckIcon size={18} />} busy={isBusy} onClick={() => void run('conversation:close')}>
            {t.thread.closeConversation}
          </Button>
        )}
        {may.canReopen && (
          <Button
            size="sm"
            icon={<RetryIcon size={18} />}
            busy={isBusy}
            onClick={() => void run('conversation:reopen')}
          >
            {t.thread.reopen}
          </Button>
        )}
        <IconButton
          label={isShown ? t.thread.hideDetails : t.thread.showDetails}
          icon={<DetailsIcon />}
          aria-expanded={isShown}
          onClick={() => showDetails(!isShown)}
        />
      </div>
      {isTransferring && <TransferDialog conversation={conversation} onClose={() => setIsTransferring(false)} />}
    </header>
  )
}
