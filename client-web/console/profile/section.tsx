// A group of settings with a heading.

import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import styles from './section.module.css'

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId()
  return (
    <section class={styles.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <div class={styles.body}>{children}</div>
    </section>
  )
}
