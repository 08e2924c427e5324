// Dialog to transfer a conversation to a colleague or back to the queue. It asks again when the colleague is offline.

import { useState } from 'preact/hooks'
import type { Agent, AgentConversation } from '#protocol/entities.ts'
import { hasReason } from '../../shared/connection/request-error.ts'
import { Button } from '../../shared/ui/button.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { texts } from '../texts.ts'
import { useWorkspace } from '../workspace/workspace.ts'
import { runAction } from './actions.ts'
import { OfflineQuestion } from './offline-question.tsx'
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
  const [offline, setOffline] = useState<Agent | null>(null)
  const t = texts.value.transfer
  const others = byPresence(workspace.team.agents.value).filter(({ id }) => id !== conversation.agent?.id)

  async function transfer(to: number | 'queue', anyway = false): Promise<void> {
    if (isBusy) return
    setIsBusy(true)
    const conversationId = conversation.id
    const isDone = await (to === 'queue'
      ? runAction(workspace, 'conversation:release', { conversationId })
      : runAction(workspace, 'conversation:transfer', { conversationId, agentId: to, anyway }, (error) => {
          const agent = others.find(({ id }) => id === to)
          if (agent === undefined || !hasReason(error, 'offline')) return false
          setOffline(agent)
          return true
        }))
    setIsBusy(false)
    if (isDone) onClose()
  }

  function submit(event: Event): void {
    event.preventDefault()
    if (target !== null) void transfer(target)
  }

  if (offline)
    return (
      <Dialog title={t.title} closeLabel={texts.value.close} onClose={onClose}>
        <OfflineQuestion
          agent={offline}
          isBusy={isBusy}
          onCancel={onClose}
          onAnyway={() => transfer(offline.id, true)}
          onQueue={() => transfer('queue')}
        />
      </Dialog>
    )
  return (
    <Dialog title={t.title} closeLabel={texts.value.close} onClose={onClose}>
      <form class={styles.form} onSubmit={submit}>
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
