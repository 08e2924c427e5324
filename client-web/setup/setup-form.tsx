// The setup form: the first admin and the shop's site.

import { useState } from 'preact/hooks'
import type { Site } from '#protocol/entities.ts'
import type { SetupBody, SetupReply } from '#protocol/http.ts'
import { limits } from '#protocol/limits/wire.ts'
import { callApi } from '../shared/connection/call-api.ts'
import { isCommonPassword, RequestError } from '../shared/connection/request-error.ts'
import { originOf } from '../shared/site/origin-of.ts'
import { Banner } from '../shared/ui/banner.tsx'
import { Button } from '../shared/ui/button.tsx'
import { TextField } from '../shared/ui/field.tsx'
import styles from './setup.module.css'
import { texts } from './texts.ts'

interface SetupFormProps {
  code: string
  onBadCode: () => void
  onUsed: () => void
  onDone: (site: Site) => void
}

export function SetupForm({ code, onBadCode, onUsed, onDone }: SetupFormProps) {
  const [username, setUsername] = useState('admin')
  const [password, setPassword] = useState('')
  const [siteName, setSiteName] = useState('')
  const [address, setAddress] = useState('')
  const [isAddressWrong, setIsAddressWrong] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<RequestError | null>(null)
  const t = texts.value

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    const siteOrigin = originOf(address)
    const isWrong = address.trim() !== '' && siteOrigin === null
    setIsAddressWrong(isWrong)
    setError(null)
    if (isWrong) return
    setIsBusy(true)
    try {
      const names = { username: username.trim(), siteName: siteName.trim() }
      const body: SetupBody = { code, ...names, password, ...(siteOrigin !== null && { siteOrigin }) }
      onDone((await callApi<SetupReply>('/setup', { body })).site)
    } catch (failure) {
      if (!(failure instanceof RequestError)) throw failure
      if (failure.code === 'conflict') onUsed()
      else if (['unauthorized', 'forbidden', 'not_found'].includes(failure.code)) onBadCode()
      else setError(failure)
    } finally {
      setIsBusy(false)
    }
  }

  return (
    <form class={styles.form} onSubmit={submit}>
      <div>
        <h1>{t.title}</h1>
        <p class={styles.intro}>{t.intro}</p>
      </div>
      {error && !isCommonPassword(error) && (
        <Banner tone="danger">{error.code === 'offline' ? t.unreachable : error.retryable ? t.busy : t.failed}</Banner>
      )}
      <fieldset>
        <legend>{t.you}</legend>
        <TextField
          label={t.username}
          hint={t.usernameHint}
          name="username"
          required
          pattern="\S+"
          maxLength={limits.usernameLength}
          autoComplete="username"
          autoCapitalize="none"
          spellcheck={false}
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
        <TextField
          label={t.password}
          hint={t.passwordHint(limits.passwordMinLength)}
          error={isCommonPassword(error) ? t.commonPassword : null}
          name="password"
          type="password"
          required
          minLength={limits.passwordMinLength}
          maxLength={limits.passwordMaxLength}
          autoComplete="new-password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </fieldset>
      <fieldset>
        <legend>{t.shop}</legend>
        <TextField
          label={t.siteName}
          hint={t.siteNameHint}
          name="site"
          required
          maxLength={limits.nameLength}
          autoComplete="organization"
          value={siteName}
          onInput={(event) => setSiteName(event.currentTarget.value)}
        />
        <TextField
          label={t.siteOrigin}
          hint={t.siteOriginHint}
          error={isAddressWrong ? t.siteOriginWrong : null}
          name="address"
          inputMode="url"
          autoComplete="url"
          autoCapitalize="none"
          spellcheck={false}
          value={address}
          onInput={(event) => setAddress(event.currentTarget.value)}
        />
      </fieldset>
      <Button type="submit" variant="primary" busy={isBusy} fullWidth>
        {t.submit}
      </Button>
    </form>
  )
}
