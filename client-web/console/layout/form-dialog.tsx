// A dialog with a form: submits, shows the error, and closes on success.

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
  /** Rejects if saving failed. Resolves to false to keep the dialog open. */
  onSubmit: () => Promise<boolean | undefined>
  /** Replaces the usual text of an error. */
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
