// Username and password, in the browser's language.

import { useRef, useState } from 'preact/hooks'
import { RequestError } from '../../shared/connection/request-error.ts'
import { Banner } from '../../shared/ui/banner.tsx'
import { Button } from '../../shared/ui/button.tsx'
import { TextField } from '../../shared/ui/field.tsx'
import { KefuMark } from '../../shared/ui/icons.tsx'
import { LanguageSelect } from '../../shared/ui/language-select.tsx'
import { errorText } from '../error-text.ts'
import { usePageTitle } from '../notifications/page-title.ts'
import { texts } from '../texts.ts'
import styles from './login-page.module.css'
import { logIn } from './session.ts'

export function LoginPage({ hasEnded }: { hasEnded: boolean }) {
  const t = texts.value.login
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setIsBusy] = useState(false)
  const passwordField = useRef<HTMLInputElement>(null)
  usePageTitle(t.title)

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    setIsBusy(true)
    setError(null)
    try {
      await logIn(username, password)
    } catch (failure) {
      setError(failure)
      passwordField.current?.select()
    } finally {
      setIsBusy(false)
    }
  }

  const isWrong = error instanceof RequestError && error.code === 'unauthorized'
  return (
    <main class={styles.page}>
      <form class={styles.card} onSubmit={submit}>
        <KefuMark size={40} />
        <h1>{t.heading}</h1>
        {hasEnded && error === null && <Banner tone="info">{t.ended}</Banner>}
        {error !== null && <Banner tone="danger">{isWrong ? t.wrong : errorText(error)}</Banner>}
        <TextField
          label={t.username}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellcheck={false}
          required
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
        <TextField
          label={t.password}
          name="password"
          type="password"
          autoComplete="current-password"
          required
          ref={passwordField}
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <Button variant="primary" type="submit" busy={isBusy} fullWidth>
          {t.submit}
        </Button>
      </form>
      <LanguageSelect label={t.language} />
    </main>
  )
}
