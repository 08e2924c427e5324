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
  const isOver = useRef(false)

  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    // A form begins at its first question, not at the button that closes it.
    dialog?.querySelector<HTMLElement>('form :is(input, select, textarea)')?.focus()
    return () => {
      isOver.current = true
      // While it is open nothing outside can have focus.
      dialog?.close()
      // What opened it may be gone with what it changed.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      else document.getElementById('main')?.focus()
    }
  }, [])

  /** The browser tells of its closing a moment later, when what opened it may have been pressed again. */
  function closed(): void {
    if (!isOver.current) onClose()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way to do what a click on the backdrop does.
    <dialog
      ref={ref}
      class={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        closed()
      }}
      onClose={closed}
      onPointerDown={(event) => {
        isPressedOutside.current = event.target === event.currentTarget
      }}
      onClick={(event) => {
        // Text selected from inside to outside ends with a click on the backdrop too.
        if (isPressedOutside.current && event.target === event.currentTarget) closed()
      }}
    >
      <div class={styles.frame}>
        <header class={styles.header}>
          <h2 id={titleId}>{title}</h2>
          <IconButton label={closeLabel} icon={<CloseIcon />} onClick={closed} />
        </header>
        <div class={styles.body}>{children}</div>
        {actions && <footer class={styles.actions}>{actions}</footer>}
      </div>
    </dialog>
  )
}
