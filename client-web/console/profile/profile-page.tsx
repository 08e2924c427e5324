// One's own account and this browser: name, password, logins, language, theme, sound, notifications.

import { usePageTitle } from '../attention/page-title.ts'
import { PageShell } from '../frame/page-shell.tsx'
import { texts } from '../texts.ts'
import { BrowserSettings } from './browser-settings.tsx'
import { Logins } from './logins.tsx'
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
      <Logins />
    </PageShell>
  )
}
