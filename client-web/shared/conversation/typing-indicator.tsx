// Who is typing, and for agents the preview. Not announced: it would interrupt a screen reader at every pause.

import styles from './message-list.module.css'
import { texts } from './texts.ts'

interface TypingIndicatorProps {
  name: string
  /** A customer's unsent text. */
  preview?: string | undefined
}

export function TypingIndicator({ name, preview }: TypingIndicatorProps) {
  return (
    <div class={`${styles.group} ${styles.theirs}`}>
      <div class={`${styles.bubble} ${styles.typing}`}>
        {preview ? (
          <p>{preview}</p>
        ) : (
          <span class={styles.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        )}
      </div>
      <p class={styles.meta}>{texts.value.typing(name)}</p>
    </div>
  )
}
