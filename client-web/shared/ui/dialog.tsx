// A modal question in a native <dialog>: it keeps focus inside, closes on Escape and on the backdrop, and gives focus back.

import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { IconButton } from './button.tsx'
import styles from './dialog.module.css'
import { CloseIcon } from './icons.tsx'

interface DialogProps {
  title: string
  closeLabel: string
  onClose: () => void
  children: ComponentChildren
  /** The buttons at the foot. */
  actions?: ComponentChildren
}

/** Open while it is rendered. */
export function Dialog({ title, closeLabel, onClose, children, actions }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const isPressedOutside = useRef(false)

  useEffect(() => {
    const before = document.activeElement
    ref.current?.showModal()
    // A form begins at its first question, not at the button that closes it.
    ref.current?.querySelector<HTMLElement>('form :is(input, select, textarea)')?.focus()
    return () => {
      // What opened it may be gone with what it changed.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      else document.getElementById('main')?.focus()
    }
  }, [])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way to do what a click on the backdrop does.
    <dialog
      ref={ref}
      class={styles.dialog}
      aria-labelledby={titleId}
      onClose={onClose}
      onPointerDown={(event) => {
        isPressedOutside.current = event.target === event.currentTarget
      }}
      onClick={(event) => {
        // Text selected from inside to outside ends with a click on the backdrop too.
        if (isPressedOutside.current && event.target === event.currentTarget) ref.current?.close()
      }}
    >
      <div class={styles.frame}>
        <header class={styles.header}>
          <h2 id={titleId}>{title}</h2>
          <IconButton label={closeLabel} icon={<CloseIcon />} onClick={() => ref.current?.close()} />
        </header>
        <div class={styles.body}>{children}</div>
        {actions && <footer class={styles.actions}>{actions}</footer>}
      </div>
    </dialog>
  )
}
