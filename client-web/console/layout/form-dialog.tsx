// A dialog with a form in it: saves, says why it could not, and closes when it is done.

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { Dialog } from '../../shared/ui/dialog.tsx'
import { errorText } from '../error-text.ts'
import { texts } from '../texts.ts'
import styles from './form-dialog.module.css'

interface FormDialogProps {
  title: string
  submitLabel: string
  onClose: () => void
  /** Rejects where it could not be saved. Resolves false to stay open. */
  onSubmit: () => Promise<boolean | undefined>
  /** Other words for an error than the usual ones. */
  explain?: (error: unknown) => string | undefined
  children: ComponentChildren
}

export function FormDialog({ title, submitLabel, onClose, onSubmit, explain, children }: FormDialogProps) {
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    const form = event.currentTarget as HTMLFormElement
    setIsBusy(true)
    setError(null)
    try {
      if ((await onSubmit()) !== false) onClose()
      else requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid]')?.focus())
    } catch (failure) {
      setError(failure)
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <Dialog title={title} closeLabel={texts.value.close} onClose={onClose}>
      <form class={styles.form} onSubmit={submit}>
        {error !== null && <Banner tone="danger">{explain?.(error) ?? errorText(error)}</Banner>}
        {children}
        <div class={styles.actions}>
          <Button onClick={onClose}>{texts.value.cancel}</Button>
          <Button variant="primary" type="submit" busy={isBusy}>
            {submitLabel}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
