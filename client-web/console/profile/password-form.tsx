// Changes the password, which ends the user's other sessions.

import { useState } from 'preact/hooks'
import type { User } from '#protocol/entities.ts'
import { limits } from '#protocol/limits/wire.ts'
import { isCommonPassword, RequestError } from '../../shared/connection/request-error.ts'
import { Button } from '../../shared/ui/button.tsx'
import { TextField } from '../../shared/ui/field.tsx'
import { errorText } from '../error-text.ts'
import { showToast } from '../layout/toast.tsx'
import { callAsUser, session } from '../session/session.ts'
import { texts } from '../texts.ts'
import { Section } from './section.tsx'

export function PasswordForm() {
  const [oldPassword, setOldPassword] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const t = texts.value.profile
  const username = session.value.phase === 'in' ? session.value.user.username : ''

  async function save(event: Event): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    setIsBusy(true)
    setError(null)
    try {
      await callAsUser<User>('/me', { method: 'PATCH', body: { password, oldPassword } })
      setOldPassword('')
      setPassword('')
      showToast(t.passwordChanged)
    } catch (failure) {
      setError(failure)
    } finally {
      setIsBusy(false)
    }
  }

  const isWrong = error instanceof RequestError && error.code === 'forbidden'
  return (
    <Section title={t.passwordTitle}>
      <form onSubmit={save}>
        <input hidden name="username" autoComplete="username" value={username} readOnly />
        <TextField
          label={t.oldPassword}
          type="password"
          required
          autoComplete="current-password"
          error={error === null || isCommonPassword(error) ? null : isWrong ? t.wrongPassword : errorText(error)}
          value={oldPassword}
          onInput={(event) => setOldPassword(event.currentTarget.value)}
        />
        <TextField
          label={t.newPassword}
          hint={texts.value.agents.passwordHint(limits.passwordMinLength)}
          error={isCommonPassword(error) ? errorText(error) : null}
          type="password"
          required
          minLength={limits.passwordMinLength}
          maxLength={limits.passwordMaxLength}
          autoComplete="new-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" busy={isBusy}>
          {t.changePassword}
        </Button>
      </form>
    </Section>
  )
}
