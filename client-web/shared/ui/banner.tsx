// A message across a pane or form, announced when it appears, with an optional action.

import type { ComponentChildren } from 'preact'
import styles from './banner.module.css'
import { InfoIcon, WarningIcon } from './icons.tsx'

interface BannerProps {
  tone: 'info' | 'warning' | 'danger'
  children: ComponentChildren
  action?: ComponentChildren
}

export function Banner({ tone, children, action }: BannerProps) {
  return (
    <div class={`${styles.banner} ${styles[tone]}`} role={tone === 'danger' ? 'alert' : 'status'}>
      {tone === 'info' ? <InfoIcon size={18} /> : <WarningIcon size={18} />}
      <span class={styles.text}>{children}</span>
      {action}
    </div>
  )
}
