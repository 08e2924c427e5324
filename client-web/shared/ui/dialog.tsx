// A modal dialog on the native <dialog>: traps focus, closes on
// Escape and on a click on the backdrop, and restores focus.

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
  /** Buttons in the footer. */
  actions?: ComponentChildren
}

/** Open while it is mounted. */
export function Dialog({ title, closeLabel, onClose, children, actions }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const isPressedOutside = useRef(false)
  const isOver = useRef(false)

  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    // Focus the first field, not the close button.
    dialog?.querySelector<HTMLElement>('form :is(input, select, textarea)')?.focus()
    return () => {
      isOver.current = true
      // While the dialog is open nothing outside can take focus.
      dialog?.close()
      // The opener may have been removed by the change.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      else document.getElementById('main')?.focus()
    }
  }, [])

  /** The close event fires later, when the opener may have been clicked again. */
  function closed(): void {
    if (!isOver.current) onClose()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard equivalent of a click on the backdrop.
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
        // Selecting text from inside to outside also ends with a click on the backdrop.
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
