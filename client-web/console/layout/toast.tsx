// A toast that confirms an action or reports its error. Screen readers announce it; it disappears after a while.

import { signal } from '@preact/signals'
import styles from './toast.module.css'

const visibleMs = 7_000
const toast = signal('')
let timer: ReturnType<typeof setTimeout> | undefined

export function showToast(text: string): void {
  toast.value = text
  clearTimeout(timer)
  timer = setTimeout(() => {
    toast.value = ''
  }, visibleMs)
}

export function Toast() {
  return (
    <div class={styles.toast} role="status">
      {toast.value && <p>{toast.value}</p>}
    </div>
  )
}
