// The user's account and the settings of this browser.

import { PageShell } from '../layout/page-shell.tsx'
import { usePageTitle } from '../notifications/page-title.ts'
import { texts } from '../texts.ts'
import { BrowserSettings } from './browser-settings.tsx'
import { LoginSessions } from './login-sessions.tsx'
import { NameForm } from './name-form.tsx'
import { PasswordForm } from './password-form.tsx'

export function ProfilePage() {
  const t = texts.value.profile
  usePageTitle(t.title)
  return (
    <PageShell title={t.title}>
      <NameForm />
      <BrowserSettings />
      <PasswordForm />
      <LoginSessions />
    </PageShell>
  )
}
