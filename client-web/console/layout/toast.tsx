// One line at the foot of the page about what has just been done or could not be; spoken, and gone after a while.

import { signal } from '@preact/signals'
import styles from './toast.module.css'

const shownMs = 7_000
const notice = signal('')
let timer: ReturnType<typeof setTimeout> | undefined

export function showNotice(words: string): void {
  notice.value = words
  clearTimeout(timer)
  timer = setTimeout(() => {
    notice.value = ''
  }, shownMs)
}

export function Notice() {
  return (
    <div class={styles.notice} role="status">
      {notice.value && <p>{notice.value}</p>}
    </div>
  )
}
