// Every page but the inbox: title, introduction, main action, content. Opening the page focuses the title.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import styles from './page-shell.module.css'

interface PageShellProps {
  title: string
  intro?: string
  action?: ComponentChildren
  children: ComponentChildren
}

export function PageShell({ title, intro, action, children }: PageShellProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <main id="main" class={styles.page} tabIndex={-1}>
      <div class={styles.column}>
        <header class={styles.header}>
          <div>
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {intro && <p>{intro}</p>}
          </div>
          {action}
        </header>
        {children}
      </div>
    </main>
  )
}
