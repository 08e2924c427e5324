// Asks for a mail address when nobody is here to answer. It never stands in the way of writing.

import { useSignal } from '@preact/signals'
import { isEmail } from '#protocol/email.ts'
import { limits } from '#protocol/limits.ts'
import { RequestError } from '../shared/connection/request-error.ts'
import { Button } from '../shared/ui/button.tsx'
import { TextField } from '../shared/ui/field.tsx'
import { MailIcon } from '../shared/ui/icons.tsx'
import type { CustomerSession } from './customer-session.ts'
import styles from './standing.module.css'
import { texts } from './texts.ts'

export function MailCard({ session }: { session: CustomerSession }) {
  const { email: known = null, isEmailVerified = false } = session.customer.value ?? {}
  const isChanging = useSignal(false)
  const isBusy = useSignal(false)
  const email = useSignal('')
  const error = useSignal<'invalid' | 'failed' | null>(null)
  const t = texts.value.mail

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    const written = email.value.trim()
    if (written.length > limits.emailLength || !isEmail(written)) {
      error.value = 'invalid'
      return
    }
    isBusy.value = true
    error.value = null
    try {
      await session.setEmail(written)
      isChanging.value = false
    } catch (failure) {
      error.value = failure instanceof RequestError && failure.code === 'invalid_request' ? 'invalid' : 'failed'
    }
    isBusy.value = false
  }

  if (known !== null && !isChanging.value) {
    return (
      <p class={styles.line} role="status">
        <MailIcon size={16} /> <span>{t.saved(known)}</span>
        {!isEmailVerified && (
          <button
            type="button"
            onClick={() => {
              email.value = known
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
      <Button type="submit" variant="primary" busy={isBusy.value} wide>
        {t.save}
      </Button>
    </form>
  )
}
