// What the transfer dialog asks when the chosen agent is offline.

import { useEffect, useId, useRef } from 'preact/hooks'
import type { Agent } from '#protocol/entities.ts'
import { plainName } from '../../shared/person-name.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { texts } from '../texts.ts'
import styles from './transfer-dialog.module.css'

interface OfflineQuestionProps {
  agent: Agent
  isBusy: boolean
  onCancel: () => void
  onAnyway: () => void
  onQueue: () => void
}

export function OfflineQuestion({ agent, isBusy, onCancel, onAnyway, onQueue }: OfflineQuestionProps) {
  const ref = useRef<HTMLDivElement>(null)
  const questionId = useId()
  const t = texts.value.transfer
  // The button that led here is gone.
  useEffect(() => ref.current?.querySelector<HTMLElement>('[aria-describedby]')?.focus(), [])

  return (
    <div class={styles.form} ref={ref}>
      <div id={questionId}>
        <Banner tone="warning">{t.isOffline(plainName(agent))}</Banner>
      </div>
      <div class={styles.actions}>
        <Button onClick={onCancel}>{texts.value.cancel}</Button>
        <Button busy={isBusy} onClick={onAnyway}>
          {t.anyway}
        </Button>
        <Button variant="primary" busy={isBusy} onClick={onQueue} aria-describedby={questionId}>
          {t.returnToQueue}
        </Button>
      </div>
    </div>
  )
}
