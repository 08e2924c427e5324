// A bubble that is not a message, such as the greeting.

import styles from './message-list.module.css'

export function PlainBubble({ name, text }: { name: string; text: string }) {
  return (
    <div class={`${styles.group} ${styles.theirs}`}>
      <p class={styles.sender}>{name}</p>
      <div class={`${styles.bubble} ${styles.only}`}>
        <p>{text}</p>
      </div>
    </div>
  )
}
