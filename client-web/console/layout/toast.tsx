// One line at the foot of the page about what has just been done or could not be; spoken, and gone after a while.

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
