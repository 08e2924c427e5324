// Loading states: a spinner inside a control, grey lines in place of text.

import styles from './loading.module.css'

/** Silent: the control itself announces that it is busy. */
export function Spinner({ size = 20 }: { size?: number }) {
  return (
    <svg class={styles.spinner} width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true">
      <circle cx="10" cy="10" r="7.5" stroke="currentColor" stroke-width="2" opacity="0.25" />
      <path d="M10 2.5A7.5 7.5 0 0 1 17.5 10" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
    </svg>
  )
}

/** `label` is announced to screen readers; `lines` is the number of placeholder lines. */
export function Skeleton({ label, lines = 3 }: { label: string; lines?: number }) {
  return (
    <div role="status">
      <span class="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} class={styles.line} />
      ))}
    </div>
  )
}
