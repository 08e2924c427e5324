// Overlay that says that files can be dropped here.

import { texts } from '../conversation/texts.ts'
import { ClipIcon } from '../ui/icons.tsx'
import styles from './drop-hint.module.css'

export function DropHint() {
  return (
    <p class={styles.hint}>
      <ClipIcon size={28} /> {texts.value.dropHere}
    </p>
  )
}
