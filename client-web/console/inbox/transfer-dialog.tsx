// Dialog to transfer a conversation to a colleague or back to the queue.

import { useState } from 'preact/hooks'
import type { AgentConversation } from '#protocol/entities.ts'
import { Button } from '../../shared/ui/button.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { runAction } from './actions.ts'
import { AgentLine, byPresence } from './team-list.tsx'
import styles from './transfer-dialog.module.css'

interface TransferDialogProps {
  conversation: AgentConversation
  onClose: () => void
}

export function TransferDialog({ conversation, onClose }: TransferDialogProps) {
  const workspace = useWorkspace()
  const [target, setTarget] = useState<number | 'queue' | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value.transfer
  const others = byPresence(workspace.team.agents.value).filter(({ id }) => id !== conversation.agent?.id)

  async function transfer(event: Event): Promise<void> {
    event.preventDefault()
    if (target === null || isBusy) return
    setIsBusy(true)
    const conversationId = conversation.id
    const isDone = await (target === 'queue'
      ? runAction(workspace, 'conversation:release', { conversationId })
      : runAction(workspace, 'conversation:transfer', { conversationId, agentId: target }))
    setIsBusy(false)
    if (isDone) onClose()
  }

  return (
    <Dialog title={t.title} closeLabel={texts.value.close} onClose={onClose}>
      <form class={styles.form} onSubmit={transfer}>
        <fieldset class={styles.targets}>
          <legend>{t.to}</legend>
          {others.map((agent) => (
            <label key={agent.id}>
              <input type="radio" name="target" checked={target === agent.id} onChange={() => setTarget(agent.id)} />
              <AgentLine agent={agent} />
            </label>
          ))}
          {others.length === 0 && <p>{t.nobody}</p>}
          <label>
            <input type="radio" name="target" checked={target === 'queue'} onChange={() => setTarget('queue')} />
            <span class={styles.queue}>
              {t.toQueue}
              <small>{t.toQueueHint}</small>
            </span>
          </label>
        </fieldset>
        <div class={styles.actions}>
          <Button onClick={onClose}>{texts.value.cancel}</Button>
          <Button variant="primary" type="submit" busy={isBusy} disabled={target === null}>
            {t.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
