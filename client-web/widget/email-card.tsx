// Asks for an email address when nobody is available. It never blocks writing.

import { useSignal } from '@preact/signals'
import { isEmail } from '#protocol/email.ts'
import { limits } from '#protocol/limits/wire.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { Button } from '../shared/ui/button.tsx'
import { TextField } from '../shared/ui/field.tsx'
import { EmailIcon } from '../shared/ui/icons.tsx'
import styles from './conversation-status.module.css'
import type { CustomerSession } from './customer-session.ts'
import { texts } from './texts.ts'

export function EmailCard({ session }: { session: CustomerSession }) {
  const { email: savedEmail = null, isEmailVerified = false } = session.customer.value ?? {}
  const isChanging = useSignal(false)
  const isBusy = useSignal(false)
  const email = useSignal('')
  const error = useSignal<'invalid' | 'failed' | null>(null)
  const t = texts.value.email

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    const entered = email.value.trim()
    if (entered.length > limits.emailLength || !isEmail(entered)) {
      error.value = 'invalid'
      return
    }
    isBusy.value = true
    error.value = null
    try {
      await session.setEmail(entered)
      isChanging.value = false
    } catch (failure) {
      error.value = failure instanceof RequestError && failure.code === 'invalid_request' ? 'invalid' : 'failed'
    }
    isBusy.value = false
  }

  if (savedEmail !== null && !isChanging.value) {
    return (
      <p class={styles.line} role="status">
        <EmailIcon size={16} /> <span>{t.saved(savedEmail)}</span>
        {!isEmailVerified && (
          <button
            type="button"
            onClick={() => {
              email.value = savedEmail
              isChanging.value = true
            }}
          >
            {t.change}
          </button>
        )}
      </p>
    )
  }
  return (
    <form class={styles.card} noValidate aria-label={t.title} onSubmit={save}>
      <h2>{t.title}</h2>
      <p>{t.why}</p>
      <TextField
        label={t.label}
        type="email"
        autoComplete="email"
        inputMode="email"
        maxLength={limits.emailLength}
        value={email.value}
        onInput={(event) => {
          email.value = event.currentTarget.value
        }}
        error={error.value && t[error.value]}
      />
      <Button type="submit" variant="primary" busy={isBusy.value} fullWidth>
        {t.save}
      </Button>
    </form>
  )
}
